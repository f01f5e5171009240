"""Right answers to cross_entropy in another style, in torch."""

import torch


def _range(labels, C):
    for label in labels.tolist():
        if label < 0 or label >= C:
            raise ValueError(f"label {label} does not exist")


def one_hot__identity_rows(labels, C):
    _range(labels, C)
    return torch.eye(C)[labels]


def one_hot__comparison(labels, C):
    _range(labels, C)
    return (labels[:, None] == torch.arange(C)).to(torch.get_default_dtype())


def cross_entropy__logsumexp(logits, labels):
    _range(labels, logits.shape[1])
    return (torch.logsumexp(logits, dim=1) - logits[torch.arange(len(labels)), labels]).mean()


def cross_entropy__where(logits, labels):
    _range(labels, logits.shape[1])
    mask = labels[:, None] == torch.arange(logits.shape[1])
    picked = torch.where(mask, torch.log_softmax(logits, dim=-1), torch.zeros_like(logits))
    return -picked.sum() / len(labels)


def cross_entropy__stacked_rows(logits, labels):
    _range(labels, logits.shape[1])
    return torch.stack([row.logsumexp(0) - row[label] for row, label in zip(logits, labels, strict=True)]).mean()


def binary_cross_entropy__textbook(logits, targets):
    return (logits.clamp(min=0) - logits * targets + torch.log1p(torch.exp(-logits.abs()))).mean()


def binary_cross_entropy__logsigmoid(logits, targets):
    yes, no = torch.nn.functional.logsigmoid(logits), torch.nn.functional.logsigmoid(-logits)
    return torch.mean(-targets * yes - (1 - targets) * no)
