"""Lab 08, `training_loop(model, batches, *, learning_rate, n_steps)`: train a model of Trax with Adam.

A model of Trax after its `init`, a list of (tokens, weights) -> a float for each step: the mean loss over what counts,
before that step moves the weights. One batch a step; after the last comes the first again. Adam is Trax's, with its own
settings but for the learning rate, and steps count from 0. The model shifts its inputs itself. Afterwards it holds the
trained weights; what is observed of it are the logits it then gives for all tokens.

The models here see one token back, so that a step takes milliseconds. What training should give is computed by NumPy,
in the mistakes too, and the judge needs no Trax.
"""

import numpy as np

from autograder.checking.call import built, call
from autograder.checking.exercise import Double, Exercise
from trax_bridge import loops, training

MODEL = "a model of Trax: ShiftRight, Embedding, Dense"
BETA1, BETA2, EPSILON, SHRINKING = 0.9, 0.999, 1e-5, 1e-5  # of Trax's Adam


def observe(losses, call):
    """The losses; and where the question asks for it, the logits that the trained model gives behind every token."""
    losses = [float(loss) for loss in losses] if isinstance(losses, list | tuple) else losses
    if not call.sent:
        return losses
    from trax_bridge import load_trax

    model, asarray = call.args[0], load_trax().fastmath.numpy.asarray
    return losses, np.asarray(model(asarray(np.array([[*range(call.sent[0]), 0]], np.int32))))[0]


def _softmax(logits):
    weights = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return weights / np.sum(weights, axis=-1, keepdims=True)


def _shift(tokens):
    return np.pad(tokens, ((0, 0), (1, 0)))[:, :-1]


def _weighted(logits, targets, weights):
    """The weighted mean of the surprises, and its gradient with regard to the logits."""
    probabilities, total = _softmax(logits), np.sum(weights)
    hit = np.take_along_axis(probabilities, targets[..., np.newaxis], -1)[..., 0]
    one_hot = targets[..., np.newaxis] == np.arange(logits.shape[-1])
    return np.sum(-weights * np.log(hit)) / total, (probabilities - one_hot) * (weights / total)[..., np.newaxis]


def _not_normalised(logits, targets, weights):
    """Trax's `CrossEntropyLoss` on log-probabilities, of logits that are none."""
    total = np.sum(weights)
    hit = np.take_along_axis(logits, targets[..., np.newaxis], -1)[..., 0]
    one_hot = targets[..., np.newaxis] == np.arange(logits.shape[-1])
    return np.sum(-weights * hit) / total, -one_hot * (weights / total)[..., np.newaxis]


def _summed(logits, targets, weights):
    loss, gradient = _weighted(logits, targets, weights)
    return loss * np.sum(weights), gradient * np.sum(weights)


def _over_all_places(logits, targets, weights):
    loss, gradient = _weighted(logits, targets, weights)
    share = np.sum(weights) / np.size(weights)
    return loss * share, gradient * share


def _loss_and_gradients(parameters, tokens, targets, weights, loss_of):
    table, matrix, bias = parameters
    seen = _shift(tokens)  # as the model does itself
    hidden = table[seen]
    loss, d_logits = loss_of(hidden @ matrix + bias, targets, weights)
    d_table = np.zeros_like(table)
    np.add.at(d_table, seen, d_logits @ matrix.T)
    return loss, (d_table, np.einsum("blh,blv->hv", hidden, d_logits), np.sum(d_logits, axis=(0, 1)))


def _adam(parameters, gradients, moments, step, rate):
    """One step of Trax's Adam, counted from 0."""
    moved, kept = [], []
    for parameter, gradient, (first, second) in zip(parameters, gradients, moments, strict=True):
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * gradient**2
        ups = first / (1 - BETA1 ** (step + 1)), second / (1 - BETA2 ** (step + 1))
        moved.append((1 - SHRINKING) * parameter - rate * ups[0] / (np.sqrt(ups[1]) + EPSILON))
        kept.append((first, second))
    return moved, kept


def _gradient_descent(parameters, gradients, moments, step, rate):
    return [parameter - rate * gradient for parameter, gradient in zip(parameters, gradients, strict=True)], moments


def _trainer(
    *,
    several=lambda batches, n_steps: [batches[step % len(batches)] for step in range(n_steps)],
    fed=lambda tokens, weights: (tokens, tokens, weights),
    loss_of=_weighted,
    move=_adam,
    count=lambda step: step,
    anew=False,
    rate_of=lambda rate: rate,
    told=lambda before, after: before,
    kept=lambda first, last: last,
):
    """`training_loop` by NumPy, of which a mistake can replace each step: (losses, parameters)."""

    def train(model, batches, *, learning_rate, n_steps):
        first = [array.astype(np.float64) for array in model.arrays]
        parameters, moments = first, [(0.0, 0.0)] * 3
        losses = []
        for step, (tokens, weights) in enumerate(several(batches, n_steps)):
            batch = fed(tokens, weights)
            before, gradients = _loss_and_gradients(parameters, *batch, loss_of)
            moments = [(0.0, 0.0)] * 3 if anew else moments
            parameters, moments = move(parameters, gradients, moments, count(step), rate_of(learning_rate))
            losses.append(float(told(before, _loss_and_gradients(parameters, *batch, loss_of)[0])))
        return losses, kept(first, parameters)

    return train


def observe_numbers(trained, call):
    """What `observe` would say."""
    losses, (table, matrix, bias) = trained
    if not call.sent:
        return losses
    return losses, table[np.array([0, *range(call.sent[0])])] @ matrix + bias


def with_weights_of_one(model, batches, *, learning_rate, n_steps):
    """The first mistake below, as a learner writes it."""
    from trax_bridge import load_trax

    trax = load_trax()
    asarray, adam = trax.fastmath.numpy.asarray, trax.optimizers.Adam()
    model_with_loss = trax.layers.Serial(model, trax.layers.WeightedCategoryCrossEntropy())
    adam.tree_init(model_with_loss.weights)
    trainer, losses = trax.optimizers.Trainer(model_with_loss, adam, n_devices=1), []
    for step in range(n_steps):
        tokens = asarray(batches[step % len(batches)][0].astype(np.int32))
        batch = tokens, tokens, asarray(np.ones(tokens.shape, np.float32))
        key = trax.fastmath.random.get_prng(step)
        loss, _ = trainer.one_step(batch, key, step=step, learning_rate=learning_rate)
        losses.append(float(loss))
    return losses


exercise = Exercise(
    training.training_loop,
    loops.training_loop,
    observe=observe,
    double=Double(_trainer(), observe_numbers, with_weights_of_one),
    needs_trax=True,
    seconds=60.0,
    axes=("step",),
)


# --- questions --------------------------------------------------------------------------------------------------


def ask(name, lengths, *, V=6, d=4, rows=2, places=8, rate=0.1, n_steps, heavy=1, afterwards=False, hidden=False):
    """Ask for a training on batches of the given lengths: of each row a list, behind which all is padding.

    heavy : how often the second token of each row counts
    """

    def make(rng):
        table, matrix, bias = (rng.standard_normal(shape).astype(np.float32) for shape in ((V, d), (d, V), V))
        batches = []
        for of_rows in lengths:
            weights = (np.arange(places) < np.array(of_rows)[:, np.newaxis]).astype(np.float32)
            tokens = np.where(weights > 0, rng.integers(1, V, weights.shape), 0)
            weights[:, 1] *= heavy
            batches.append((tokens, weights))
        model = built(MODEL, table, matrix / 2, bias / 2)
        one = call(model, batches, learning_rate=rate, n_steps=n_steps)
        return one.with_sent(V) if afterwards else one

    exercise.case(name, make, points=2, hidden=hidden, tolerance=3e-4)


ask("one batch without padding, one step: the loss before it", [[8, 8]], n_steps=1)
ask("one batch without padding, three steps", [[8, 8]], n_steps=3)
ask("one batch with padding, three steps", [[8, 3]], n_steps=3)
ask("two batches, each once; the second token of each row counts ten times", [[8, 8], [5, 7]], n_steps=2, heavy=10)
ask("two batches, five steps: after the last comes the first again", [[8, 6], [4, 8]], n_steps=5)
ask("three batches, two steps", [[8, 8], [2, 3], [7, 7]], n_steps=2)
ask("a learning rate of 0.01", [[8, 5]], n_steps=3, rate=0.01)
ask("the model holds the trained weights afterwards", [[8, 4]], n_steps=3, afterwards=True)
ask("three batches, seven steps", [[8, 2], [5, 5], [1, 8]], n_steps=7, rate=0.2, hidden=True)
ask("two batches, four steps, and the model afterwards", [[8, 6], [3, 8]], n_steps=4, afterwards=True, hidden=True)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_gradients(model, batches, *, learning_rate, n_steps):
    """Without Trax's trainer: jax differentiates, and Trax's Adam moves."""
    from trax_bridge import load_trax

    trax = load_trax()
    import jax

    loss_layer, adam, losses = trax.layers.WeightedCategoryCrossEntropy(), trax.optimizers.Adam(learning_rate), []
    weights_of_model, state, rng = model.weights, model.state, jax.random.PRNGKey(0)
    slots, options = adam.tree_init(weights_of_model)

    def loss_of(weights_of_model, state, tokens, counts):
        logits, state = model.pure_fn(tokens, weights_of_model, state, rng)
        return loss_layer((logits, tokens, counts)), state

    step_of = jax.jit(jax.value_and_grad(loss_of, has_aux=True))
    for step in range(n_steps):
        tokens, counts = map(jax.numpy.asarray, batches[step % len(batches)])
        (loss, state), gradients = step_of(weights_of_model, state, tokens.astype("int32"), counts)
        weights_of_model, slots, _ = adam.tree_update(step, gradients, weights_of_model, slots, options)
        losses.append(loss.item())
    model.weights, model.state = weights_of_model, state
    return losses


# --- mistakes ---------------------------------------------------------------------------------------------------


def _mistake(name, *, why, says, **changed):
    """Know a mistake in which some steps are others."""
    function = _trainer(**changed)
    function.__name__ = name
    exercise.mistake(why=why, says=says)(function)


# What is learned.
_mistake(
    "padding_counts",
    fed=lambda tokens, weights: (tokens, tokens, np.ones_like(weights)),
    why="the weights are not passed on, or ones are",
    says="padding counts in the loss: the weights of the batch are not used",
)
_mistake(
    "targets_shifted_twice",
    fed=lambda tokens, weights: (tokens[:, :-1], tokens[:, 1:], weights[:, 1:]),
    why="in NumPy, inputs are `tokens[:, :-1]` and targets `tokens[:, 1:]`",
    says="the targets are shifted once more: the model shifts its inputs itself, so inputs and targets are the same "
    "tokens",
)
_mistake(
    "inputs_shifted_twice",
    fed=lambda tokens, weights: (_shift(tokens), tokens, weights),
    why="a start token is put in front by hand",
    says="the inputs are shifted by hand, and by the model again, so that it sees the token before the last only",
)
_mistake(
    "targets_rolled",
    fed=lambda tokens, weights: (tokens, np.roll(tokens, -1, axis=1), weights),
    why="`np.roll` makes targets of the next tokens",
    says="the targets are the tokens rolled by one: the model shifts its inputs itself, so inputs and targets are the "
    "same tokens",
)
_mistake(
    "loss_of_logits_as_they_are",
    loss_of=_not_normalised,
    why="`CrossEntropyLoss` expects log-probabilities, and the model gives logits",
    says="the loss takes the logits for log-probabilities, so that it can be negative: "
    "`WeightedCategoryCrossEntropy` applies log-softmax",
)
_mistake(
    "loss_summed",
    loss_of=_summed,
    why="a sum over the weights seems enough",
    says="the loss is a sum; it is the mean over what counts",
)
_mistake(
    "mean_over_padding_too",
    loss_of=_over_all_places,
    why="`mean` divides by the number of places",
    says="the loss is divided by the number of all places, padding among them; it is divided by the sum of the weights",
)

# Which batch.
_mistake(
    "first_batch_only",
    several=lambda batches, n_steps: [batches[0]] * n_steps,
    why="`batches[0]`, or an iterator that is made anew each step",
    says="every step takes the first batch; each takes the next one",
)
_mistake(
    "stops_after_the_last_batch",
    several=lambda batches, n_steps: batches[:n_steps],
    why="`for batch in batches` ends",
    says="training ends with the last batch; after it comes the first again, until there were `n_steps` steps",
)
_mistake(
    "all_batches_every_step",
    several=lambda batches, n_steps: [*batches] * n_steps,
    why="`n_steps` is taken for a number of epochs",
    says="each of `n_steps` rounds goes through all batches; a step is one batch",
)
_mistake(
    "each_batch_several_times",
    several=lambda batches, n_steps: [batches[step * len(batches) // n_steps] for step in range(n_steps)],
    why="one batch is trained on to its end before the next comes",
    says="a batch is taken several times before the next one comes; they take turns",
)
_mistake(
    "last_batch_first",
    several=lambda batches, n_steps: [batches[-1 - step % len(batches)] for step in range(n_steps)],
    why="`pop()` takes from the end",
    says="the batches come from the last to the first",
)
_mistake(
    "one_step_too_many",
    several=lambda batches, n_steps: [batches[step % len(batches)] for step in range(n_steps + 1)],
    why="the loss after the last step is wanted, too",
    says="there is one step too many",
)

# The steps.
_mistake(
    "steps_counted_from_one",
    count=lambda step: step + 1,
    why="Trax's own `Loop` counts so, and so does lab 07",
    says="steps count from 1; Trax's Adam counts from 0, and takes the first step for the second one otherwise",
)
_mistake(
    "always_step_zero",
    count=lambda step: 0,
    why="`step` is not counted up",
    says="`step` is 0 every time, so that the moments of Adam are corrected as in the first step",
)
_mistake(
    "optimizer_made_anew",
    anew=True,
    count=lambda step: 0,
    why="it is made inside the loop",
    says="the optimiser is made anew for every step, and forgets its moments; make it once, before the loop",
)
_mistake(
    "moments_made_anew",
    anew=True,
    why="the moments are set to zero inside the loop",
    says="the moments of the optimiser are zero before every step; they are kept from step to step",
)
_mistake(
    "gradient_descent",
    move=_gradient_descent,
    why="`SGD` is at hand",
    says="plain gradient descent moves the weights; Adam is asked",
)
_mistake(
    "default_learning_rate",
    rate_of=lambda rate: 1e-4,
    why="`learning_rate` is not passed on",
    says="the learning rate is 0.0001, the default of Adam: `learning_rate` is not passed on",
)
_mistake(
    "never_moved",
    move=lambda parameters, gradients, moments, step, rate: (parameters, moments),
    why="the loss is computed, and the weights are left alone",
    says="the weights never move: each batch is judged by the first ones",
)
_mistake(
    "trained_weights_lost",
    kept=lambda first, last: first,
    why="a copy is trained, or weights that are not put back",
    says="the losses are right, and the model has its first weights all the same: put the trained ones back into it",
)

# What comes back.
_mistake(
    "loss_after_the_step",
    told=lambda before, after: after,
    why="the loss is asked for once more after the step",
    says="the loss is that after the step; it is the one before, which the step computes anyway",
)
