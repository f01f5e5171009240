"""Right answers to conv2d in another style, in torch."""

import torch


def refuse_what_does_not_fit(x, w, b, padding):
    fits = x.dim() == w.dim() == 4 and x.size(1) == w.size(1) and tuple(b.shape) == (len(w),)
    if not fits or w.size(2) != w.size(3) or w.size(2) > min(x.size(2), x.size(3)) + 2 * padding:
        raise ValueError(f"x is {tuple(x.shape)}, w is {tuple(w.shape)}, b is {tuple(b.shape)}")


def conv2d__unfold_to_one_product(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    K = w.size(2)
    columns = torch.nn.functional.unfold(x, K, padding=padding, stride=stride)  # N C·K·K places
    out = w.reshape(len(w), -1) @ columns + b[:, None]
    Hout = (x.size(2) + 2 * padding - K) // stride + 1
    return out.reshape(len(x), len(w), Hout, -1)


def conv2d__slice_for_each_kernel_pixel(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    K = w.size(2)
    padded = torch.nn.functional.pad(x, [padding] * 4)
    H, W = ((side - K) // stride + 1 for side in padded.shape[2:])
    out = b.reshape(1, -1, 1, 1).expand(len(x), -1, H, W)
    for i in range(K):
        for j in range(K):
            seen = padded[:, :, i : i + stride * H : stride, j : j + stride * W : stride]
            out = out + torch.einsum("nchv,oc->nohv", seen, w[:, :, i, j])
    return out


def conv2d__tensordot_over_windows(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    N, C, H, W = x.shape
    K = w.size(2)
    padded = x.new_zeros(N, C, H + 2 * padding, W + 2 * padding)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    windows = padded.unfold(2, K, stride).unfold(3, K, stride)
    return (torch.tensordot(windows, w, dims=([1, 4, 5], [1, 2, 3])) + b).permute(0, 3, 1, 2)
