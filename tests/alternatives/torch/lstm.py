"""Right answers to lstm in another style, in torch."""

import torch


def lstm_cell__views(x, h, c, Wx, Wh, b):
    z = torch.cat([x, h], dim=1) @ torch.cat([Wx, Wh]) + b
    i, f, g, o = z.view(len(x), 4, -1).unbind(1)
    c = c.mul(f.sigmoid()).addcmul(i.sigmoid(), g.tanh())
    return o.sigmoid() * c.tanh(), c


def lstm_cell__one_sigmoid(x, h, c, Wx, Wh, b):
    H = h.shape[1]
    z = torch.nn.functional.linear(x, Wx.T) + torch.nn.functional.linear(h, Wh.T, b)
    i, f, _, o = torch.sigmoid(z).split(H, dim=1)
    c = f * c + i * torch.tanh(z[:, 2 * H : 3 * H])
    return o * torch.tanh(c), c


def lstm__cell_by_cell(xs, h0, c0, Wx, Wh, b):
    h, c, hs = h0, c0, []
    for t in range(xs.shape[1]):
        h, c = lstm_cell__views(xs[:, t], h, c, Wx, Wh, b)
        hs.append(h.unsqueeze(1))
    return torch.cat(hs, dim=1), c
