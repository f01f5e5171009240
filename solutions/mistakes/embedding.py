"""Wrong answers to embedding."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import embedding as right


@mistake("off-by-one", says="the ids are taken to count from 1, so that each token gets the row before its own")
def embedding(ids, E):
    return E[ids - 1]


@mistake("wrong-axis", says="the ids pick columns of E; each token has a row")
def embedding(ids, E):
    return E[:, ids]


@mistake("transposed", says="time comes first and the examples second; here a batch keeps its examples in front")
def embedding(ids, E):
    return E[ids.T]


@mistake(
    "wrong-order",
    says="the tokens are read down the columns and laid out along the rows: they change places within the batch",
)
def embedding(ids, E):
    return E[ids.T.ravel()].reshape(*ids.shape, -1)


@mistake("lost-axis", says="the batch is flattened, so that examples and time are one axis; they are two")
def embedding(ids, E):
    return E[ids.ravel()]


@mistake("extra-axis", says="an axis of length 1 is put behind the ids, and stays there in the result")
def embedding(ids, E):
    return E[ids[:, :, None]]


@mistake("batch-mixed", says="every example gets the rows of the first one")
def embedding(ids, E):
    return np.stack([E[ids[0]]] * len(ids))


@mistake("dtype-drift", says="one-hot rows made by np.zeros are float64, and so is a float32 table times those")
def embedding(ids, E):
    y = np.zeros((*ids.shape, len(E)))
    np.put_along_axis(y, ids[..., None], 1, axis=-1)
    return y @ E


@mistake("wrong-factor", says="the rows are scaled by √D, which the transformer does afterwards; here they are copied")
def embedding(ids, E):
    return E[ids] * math.sqrt(E.shape[1])


@mistake("not-normalised", says="each row is divided by its length; a look-up leaves the numbers alone")
def embedding(ids, E):
    out = E[ids]
    with np.errstate(all="ignore"):
        return out / np.linalg.norm(out, axis=-1, keepdims=True)


@mistake(
    "not-accumulated",
    "dE",
    says="`dE[ids] += dout` reads and writes each row once: of a token that comes again, one place alone counts",
)
def embedding_backward(dout, ids, E):
    dE = np.zeros_like(E)
    dE[ids] += dout
    return dE


@mistake("upstream-ignored", "dE", says="this counts how often a token comes; each place brings its own dout")
def embedding_backward(dout, ids, E):
    return right.embedding_backward(np.ones_like(dout), ids, E)


@mistake("extra-mean", "dE", says="the places of a token are averaged; a gradient is their sum")
def embedding_backward(dout, ids, E):
    counts = np.bincount(ids.ravel(), minlength=len(E)).clip(min=1)[:, None]
    return right.embedding_backward(dout, ids, E) / counts.astype(E.dtype)


@mistake("not-summed", "dE", says="the gradient still has a row for each place; it has a row for each token of E")
def embedding_backward(dout, ids, E):
    return dout.reshape(-1, E.shape[1])


@mistake("off-by-one", "dE", says="each token's gradient lands in the row before its own")
def embedding_backward(dout, ids, E):
    return np.roll(right.embedding_backward(dout, ids, E), -1, axis=0)


@mistake("only-last-step", "dE", says="only the last time step sends its gradient; all of them do")
def embedding_backward(dout, ids, E):
    return right.embedding_backward(dout[:, -1:], ids[:, -1:], E)


@mistake("batch-dropped", "dE", says="only the first example sends its gradient; all of them do")
def embedding_backward(dout, ids, E):
    return right.embedding_backward(dout[:1], ids[:1], E)


@mistake("wrong-operand", "dE", says="dout is multiplied by the row it belongs to; a copied number has the slope 1")
def embedding_backward(dout, ids, E):
    return right.embedding_backward(dout * E[ids], ids, E)


@mistake("wrong-order", "dE", says="dout is flattened with time in front, and the ids with the examples in front")
def embedding_backward(dout, ids, E):
    return right.embedding_backward(dout.swapaxes(0, 1).reshape(dout.shape), ids, E)


@mistake("transposed", "dE", says="this is D × V: the tokens run across; E has a row for each of them")
def embedding_backward(dout, ids, E):
    return right.embedding_backward(dout, ids, E).T.copy()


@mistake("mutates-input", says="E itself is filled with zeros to add into; a gradient needs an array of its own")
def embedding_backward(dout, ids, E):
    E[:] = 0
    np.add.at(E, ids, dout)
    return E


@mistake("dtype-drift", "dE", says="np.zeros makes float64 to add into; np.zeros_like keeps the dtype of E")
def embedding_backward(dout, ids, E):
    dE = np.zeros(E.shape)
    np.add.at(dE, ids, dout)
    return dE


@mistake("missing-term", "dE", says="the gradient is subtracted from E; a step is not a gradient, and lr comes later")
def embedding_backward(dout, ids, E):
    return E - right.embedding_backward(dout, ids, E)


@mistake("wrong-type", "dE", says="a gradient of the ids is returned as well; whole numbers have none")
def embedding_backward(dout, ids, E):
    return np.zeros(ids.shape), right.embedding_backward(dout, ids, E)


@mistake(
    "graph-broken",
    says="`.data` leaves the graph behind: the rows come out right and no gradient finds its way back to E",
    track="torch",
)
def embedding(ids, E):
    return E.data[ids]


@mistake(
    "wrong-type",
    says="the table goes through numpy and its rows come back as an array: the rest of a torch program cannot use them",
    track="torch",
)
def embedding(ids, E):
    return E.detach().numpy()[ids.numpy()]
