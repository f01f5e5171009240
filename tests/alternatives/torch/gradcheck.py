"""Right answers to gradcheck in another style, in torch."""

import torch


def numerical_gradient__in_place(f, x, eps):
    flat, slopes = x.view(-1), []
    for i in range(x.numel()):
        saved = flat[i].item()
        flat[i] = saved + eps
        above = f(x)
        flat[i] = saved - eps
        below = f(x)
        flat[i] = saved
        slopes.append((above - below) / (2 * eps))
    return torch.stack(slopes).reshape(x.shape)


def numerical_gradient__rows_of_the_identity(f, x, eps):
    steps = eps * torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
    slopes = [float(f(x + step) - f(x - step)) / (2 * eps) for step in steps]
    return torch.tensor(slopes, dtype=x.dtype).reshape(x.shape)


def relative_error__loops(a, b):
    pairs = zip(a.flatten().tolist(), b.flatten().tolist(), strict=True)
    return max(abs(p - q) / max(abs(p), abs(q)) if p != q else 0.0 for p, q in pairs)


def relative_error__nan_to_zero(a, b):
    return torch.nan_to_num((a - b).abs() / torch.max(a.abs(), b.abs())).max()


def gradient_check__loops(f, grad, x, eps):
    claimed, here, worst = grad(x).flatten(), f(x), 0.0
    for i in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype)
        step[i] = eps
        up, down = f(x + step.reshape(x.shape)), f(x - step.reshape(x.shape))
        numeric = (up - down) / (2 * eps)
        scale = max(abs(numeric), abs(claimed[i]), 1e-6)
        if abs(up + down - 2 * here) / eps <= 1e-2 * scale:
            worst = max(worst, abs(numeric - claimed[i]) / scale)
    return worst
