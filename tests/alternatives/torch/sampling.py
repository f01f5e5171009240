"""Right answers to sampling in another style, in torch."""

import torch


def sample__masked_with_minus_infinity(logits, temperature, generator, top_k=None, top_p=None):
    if temperature == 0:
        return logits.argmax().item()
    z = logits / temperature
    if top_k is not None:
        values, indices = torch.topk(z, top_k)
        z = torch.full_like(z, float("-inf")).scatter(0, indices, values)
    if top_p is not None:
        ordered, order = torch.sort(z, descending=True)
        p = torch.softmax(ordered, dim=-1)
        beyond = p.cumsum(dim=-1) - p >= top_p
        z = z.scatter(0, order[beyond], float("-inf"))
    return torch.multinomial(torch.softmax(z, dim=-1), num_samples=1, generator=generator).item()


def sample__inverse_of_the_cumulative_sum(logits, temperature, generator, top_k=None, top_p=None):
    if temperature == 0:
        return int(torch.argmax(logits))
    scores, order = (logits.double() / temperature).sort(descending=True)
    scores, order = scores[:top_k], order[:top_k]
    p = (scores - scores[0]).exp()
    p = p / p.sum()
    if top_p is not None:
        count = int((p.cumsum(0) < top_p).sum()) + 1
        p = p[:count]
    u = torch.rand(1, generator=generator).double() * p.sum()
    place = int(torch.searchsorted(p.cumsum(0), u, right=True))
    return int(order[min(place, len(p) - 1)])


def generate__appending(step, state, first, length, temperature, generator, top_k=None, top_p=None):
    ids = []
    with torch.no_grad():
        for _ in range(length):
            logits, state = step(ids[-1] if ids else first, state)
            ids.append(sample__masked_with_minus_infinity(logits, temperature, generator, top_k, top_p))
    return ids
