"""char_rnn: a recurrent cell reads a text character by character, learns to expect the next one, and then writes."""

import math
from collections.abc import Callable
import numpy as np
from jaxtyping import Float, Int
from katas.numpy.affine import affine, affine_backward
from katas.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from katas.numpy.embedding import embedding, embedding_backward
from katas.numpy.gradient_flow import clip_by_global_norm
from katas.numpy.optimizers import adam_step
from katas.numpy.sampling import generate
from katas.numpy.text import decode, encode, lm_batches

State = np.ndarray | tuple[np.ndarray, np.ndarray] | None  # given


def init(V: int, H: int, rng: np.random.Generator, cell: str) -> dict[str, np.ndarray]:
    """Parameters to start from, for V characters and H units, in float64; `cell` is "rnn", "lstm" or "gru".

        rnn:    Wx: V × H     Wh: H × H     b: H
        lstm:   Wx: V × 4H    Wh: H × 4H    b: 4H            gates in the order i, f, g, o, as in the kata lstm
        gru:    Wx: V × 3H    Wh: H × 3H    bx, bh: 3H       gates in the order r, z, n, as in the kata gru
        all:    Wy: H × V     by: V                          from the state to the scores of the next character

    The weights are independent and uniform between −1/√H and 1/√H, the biases are 0. Only the biases of the LSTM's forget
    gates are 1: σ(1) = 0.73 of the memory stays at each step, instead of half, so that an early gradient reaches further
    back. The input is a character, so its one-hot row times Wx is row `id` of Wx. All of the randomness comes from `rng`.

    >>> {name: param.shape for name, param in init(5, 3, np.random.default_rng(0), "lstm").items()}
    {'Wx': (5, 12), 'Wh': (3, 12), 'b': (12,), 'Wy': (3, 5), 'by': (5,)}

    Source: torch.nn.LSTM for the range; Jozefowicz, Zaremba, Sutskever: An Empirical Exploration of Recurrent Network
    Architectures (2015), section 2.3, for the forget gate.
    """
    raise NotImplementedError("init")


def loss_and_grads(
    params: dict[str, np.ndarray], ids: Int[np.ndarray, "N T"], targets: Int[np.ndarray, "N T"], state: State
) -> tuple[Float[np.ndarray, ""], dict[str, np.ndarray], State]:
    """How surprised the network is by `targets`, when it has read `ids` up to each of them; the gradients; the last state.

        hs = cell(one_hot(ids), state, Wx, Wh, b)     a row of zeros and a 1 for each character
        logits = hs Wy + by                           N × T × V
        loss = −1/(N·T) · Σ_n Σ_t log softmax(logits)_{n,t,targets_nt}

    The cell can be told from `params`: see `init`; all sizes are those of `params`. `state` is what the network remembers
    of the text before: h, "N H", for rnn and gru, and (h, c) for lstm; None stands for zeros. The third result is the
    state after the last character, in the same form, for the next piece of the text. No gradient goes back into the state
    that came in: back-propagation through time is cut off between the pieces. `grads` has the keys, shapes and dtypes of
    `params`.

    >>> params = {"Wx": np.zeros((4, 2)), "Wh": np.zeros((2, 2)), "b": np.zeros(2), "Wy": np.zeros((2, 4)), "by": np.zeros(4)}
    >>> loss, grads, state = loss_and_grads(params, np.array([[0, 3]]), np.array([[3, 1]]), None)
    >>> loss.round(4), grads["by"], state  # four equal chances
    (np.float64(1.3863), array([ 0.25, -0.25,  0.25, -0.25]), array([[0., 0.]]))

    Source: Karpathy: min-char-rnn (2015); Williams, Peng: An efficient gradient-based algorithm for on-line training of
    recurrent network trajectories (1990), for the cut; solutions/derivations/char_rnn.md works it out.
    """
    raise NotImplementedError("loss_and_grads")


def train(
    ids: Int[np.ndarray, " length"],
    V: int,
    H: int,
    cell: str,
    steps: int,
    batch_size: int,
    T: int,
    lr: float,
    rng: np.random.Generator,
    on_step: Callable[[int, float, dict[str, np.ndarray]], None] | None = None,
) -> dict[str, np.ndarray]:
    """Train a fresh network on the text `ids`, by `steps` steps of Adam, and return its parameters.

        params = init(V, H, rng, cell);   for each batch of lm_batches(ids, batch_size, T):
            loss, grads, state = loss_and_grads(params, inputs, targets, state)
            params = adam_step(params, grads clipped to a global norm of 1, lr)

    The state of one batch goes into the next, since the rows of the text go on there. When the text is over, it starts
    again from its beginning, and the state from None. After each step, `on_step(step, loss, params)` is called, if it is
    given, with the number of the step (the first is 0), the loss of its batch before the step, and the parameters after
    it. A KeyboardInterrupt (Ctrl-C), raised there or anywhere in the loop, ends the training and loses nothing: the
    parameters reached are returned.

    >>> vocab, losses = ["a", "b", "c"], []
    >>> ids = encode("abc" * 20, vocab)
    >>> params = train(ids, 3, 8, "gru", 60, 2, 5, 0.03, np.random.default_rng(0), lambda step, loss, params: losses.append(loss))
    >>> len(losses), round(float(losses[0])), round(float(losses[-1]), 1)
    (60, 1, 0.0)

    Source: Karpathy: The Unreasonable Effectiveness of Recurrent Neural Networks (2015); Pascanu, Mikolov, Bengio: On the
    difficulty of training recurrent neural networks (2013), for the clipping.
    """
    raise NotImplementedError("train")


def sample_text(
    params: dict[str, np.ndarray],
    vocab: list[str],
    prime: str,
    length: int,
    temperature: float,
    rng: np.random.Generator,
) -> str:
    """Let the network write: it reads `prime`, and goes on for `length` characters, which are the result.

        state after prime;   then character = sample(logits / temperature), and it is the next input

    The result does not repeat `prime`. The prime has a character or more, all of them in `vocab`; others raise ValueError,
    as in `encode`. The network has read every character once, in order, before it draws the first one of its own. A
    temperature of 0 always writes the likeliest character. All of the randomness comes from `rng`.

    >>> vocab = ["a", "b", "c"]
    >>> params = train(encode("abc" * 20, vocab), 3, 8, "gru", 60, 2, 5, 0.03, np.random.default_rng(0))
    >>> sample_text(params, vocab, "ab", 5, 0.0, np.random.default_rng(0))
    'cabca'

    Source: Graves: Generating Sequences With Recurrent Neural Networks (2013), section 2, arXiv 1308.0850.
    """
    raise NotImplementedError("sample_text")
