"""Right answers to looking_inside in another style, in torch."""

import torch


def saliency__first_of_max(logits_grad_fn, x, label):
    return logits_grad_fn(x, label).abs().max(dim=1)[0]


def saliency__infinity_norm(logits_grad_fn, x, label):
    return torch.linalg.vector_norm(logits_grad_fn(x, label), ord=float("inf"), dim=1)


def occlusion_map__clones(predict_proba, image, label, size, stride, fill):
    out = []
    for top in range(0, image.shape[0] - size + 1, stride):
        row = []
        for left in range(0, image.shape[1] - size + 1, stride):
            copy = image.clone()
            copy[top : top + size, left : left + size] = fill
            row.append(predict_proba(copy.unsqueeze(0))[0, label])
        out.append(torch.stack(row))
    return torch.stack(out)


def occlusion_map__where(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    top, left = torch.arange(0, H - size + 1, stride), torch.arange(0, W - size + 1, stride)
    rows = (torch.arange(H) >= top[:, None]) & (torch.arange(H) < top[:, None] + size)
    columns = (torch.arange(W) >= left[:, None]) & (torch.arange(W) < left[:, None] + size)
    batch = torch.where(rows[:, None, :, None] & columns[:, None, :], fill, image).flatten(0, 1)
    return predict_proba(batch)[:, label].view(len(top), len(left))


def max_unpool2d__rows_and_columns(y, switches, shape):
    N, C, _, W = shape
    out = torch.zeros(shape, dtype=y.dtype)
    n, c = torch.arange(N).view(N, 1, 1, 1), torch.arange(C).view(C, 1, 1)
    out[n, c, switches // W, switches % W] = y
    return out


def max_unpool2d__scatter_in_place(y, switches, shape):
    out = torch.zeros(shape, dtype=y.dtype).flatten(2)
    return out.scatter_(2, switches.flatten(2), y.flatten(2)).view(shape)


def deconv2d__fold(y, w, stride, padding):
    (N, O, h, v), K = y.shape, w.shape[-1]
    H, W = (h - 1) * stride - 2 * padding + K, (v - 1) * stride - 2 * padding + K
    columns = w.reshape(O, -1).T @ y.reshape(N, O, h * v)
    return torch.nn.functional.fold(columns, (H, W), K, padding=padding, stride=stride)


def deconv2d__gaps_then_flipped_kernel(y, w, stride, padding):
    (N, O, h, v), K = y.shape, w.shape[-1]
    spread = torch.zeros(N, O, (h - 1) * stride + 1, (v - 1) * stride + 1, dtype=y.dtype)
    spread[:, :, ::stride, ::stride] = y
    full = torch.nn.functional.conv2d(spread, w.flip(2, 3).transpose(0, 1), padding=K - 1)
    return full[:, :, padding : full.shape[2] - padding, padding : full.shape[3] - padding]


def deconv2d__number_by_number(y, w, stride, padding):
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = (h - 1) * stride + K, (v - 1) * stride + K
    full = torch.zeros(N, C, H, W, dtype=y.dtype)
    for p in range(h):
        for q in range(v):
            patch = torch.tensordot(y[:, :, p, q], w, dims=1)
            full[:, :, p * stride : p * stride + K, q * stride : q * stride + K] += patch
    return full[:, :, padding : H - padding, padding : W - padding]
