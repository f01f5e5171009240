"""Right answers to feature_maps in another style, in torch."""

import torch


def edge_kernels__written_out():
    rows = [[-1, 0, 1, -2, 0, 2, -1, 0, 1], [-1, -2, -1, 0, 0, 0, 1, 2, 1], [0, 1, 0, 1, -4, 1, 0, 1, 0]]
    return torch.tensor(rows, dtype=torch.get_default_dtype()).reshape(3, 1, 3, 3)


def feature_maps__tap_by_tap(images, kernels):
    (N, H, W), (O, _, K, _) = images.shape, kernels.shape
    r = K // 2
    padded = torch.nn.functional.pad(images, [r] * 4)
    out = torch.zeros((N, O, H, W), dtype=images.dtype)
    for i in range(K):
        for j in range(K):
            out += kernels[:, 0, i, j].reshape(O, 1, 1) * padded[:, None, i : i + H, j : j + W]
    return out


def feature_maps__unfold(images, kernels):
    (N, H, W), (O, _, K, _) = images.shape, kernels.shape
    columns = torch.nn.functional.unfold(images[:, None], K, padding=K // 2)  # N K·K H·W
    return (kernels.reshape(O, K * K) @ columns).reshape(N, O, H, W)


def feature_maps__stacked_pixels(images, kernels):
    (N, H, W), K = images.shape, kernels.shape[-1]
    r = K // 2
    padded = torch.zeros(N, H + 2 * r, W + 2 * r, dtype=images.dtype)
    padded[:, r : H + r, r : W + r] = images
    pixels = [(padded[:, None, h : h + K, w : w + K] * kernels[:, 0]).sum((2, 3)) for h in range(H) for w in range(W)]
    return torch.stack(pixels, dim=-1).reshape(N, -1, H, W)


def shared_parameter_count__counted_in_a_tensor(C, O, K):
    return torch.empty(O, C, K, K).numel() + O


def dense_parameter_count__weights_and_biases(C, H, W, O):
    return O * H * W * C * H * W + O * H * W
