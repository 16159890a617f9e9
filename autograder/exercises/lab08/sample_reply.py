"""Lab 08, `sample_reply(next_logits, prompt, uniforms, *, temperature, stop)`: a turn, token by token.

A function from all tokens so far to the logits (V,) of the next one, a list of tokens, numbers of [0, 1), one a token,
a temperature and the token that ends a turn -> list of the new tokens, without `stop`; at most as many as numbers. Each
is chosen as by `sample_token`, which is given.

Every number is at least 1e-6 away from a border between two tokens.
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from reformer.sampling import sample_token
from trax_bridge import chat, loops

exercise = Exercise(chat.sample_reply, loops.sample_reply, axes=("token",))

MARGIN = 1e-6
# Of four tokens the chance of each next one, by the last; token 0 ends the turn.
_FOUR = np.log(np.array([[1, 3, 3, 3], [1, 2, 3, 4], [4, 1, 2, 3], [2, 3, 4, 1]]) / 10)


def _softmax(logits):
    weights = np.exp(logits - np.max(logits))
    return weights / np.sum(weights)


def far_from_borders(next_logits, prompt, uniforms, *, temperature, stop):
    """Whether no number is close to a border on the way of the right answer."""
    tokens = list(prompt)
    for uniform in uniforms:
        logits = next_logits(tokens)
        if temperature == 0:
            clear = np.diff(np.sort(logits))[-1] > 1e-5
        else:
            clear = np.min(np.abs(np.cumsum(_softmax(logits / temperature)) - uniform)) > MARGIN
        if not clear:
            return False
        tokens.append(int(sample_token(logits, uniform, temperature=temperature)))
        if tokens[-1] == stop:
            break
    return True


def ask(name, make, **how):
    exercise.case(name, make, clear_cut=far_from_borders, **how)


def four(prompt, uniforms, *, temperature=1.0, stop=0):
    """A reply of four tokens' table."""
    return lambda rng: call(form("row", _FOUR), prompt, np.array(uniforms), temperature=temperature, stop=stop)


def drawn(kind, V, n, *, temperature=1.0, stop=0, n_prompt=3, least=0, most=None, spread=1.5, says_zero=False):
    """Draw until the right reply has from `least` to `most` tokens.

    says_zero : what is hidden has to cost everybody the same: if True, token 0 is among them, and no `stop` in the
        prompt
    """

    def make(rng):
        while True:
            table = spread * rng.standard_normal((V, V))
            prompt = rng.integers(0, V, n_prompt).tolist()
            one = call(form(kind, table), prompt, rng.random(n), temperature=temperature, stop=stop)
            reply = one.of(chat.sample_reply)
            is_long_enough = least <= len(reply) <= (n if most is None else most)
            if is_long_enough and (not says_zero or (0 in reply and stop not in prompt)):
                return one

    return make


def with_an_unlikely_token(rng):
    """Redraw until one of the new tokens is not among the forty likeliest, to which samplers elsewhere keep."""
    while True:
        one = drawn("row", 60, 8, temperature=2.0, least=6, stop=60)(rng)
        next_logits, prompt, _ = one.args
        reply = one.of(chat.sample_reply)
        for last, token in zip([prompt[-1], *reply[:-1]], reply, strict=True):
            logits = next_logits([last])
            if np.sum(logits > logits[token]) >= 40:
                return one


# --- questions --------------------------------------------------------------------------------------------------

ask("four tokens, and the turn ends", four([2, 1], [0.45, 0.85, 0.65, 0.15, 0.55]))
ask("four tokens, and the numbers end", four([1], [0.95, 0.25, 0.95]))
ask("the first token ends the turn: nothing is said", four([3, 2], [0.25, 0.65, 0.75]))
ask("no numbers: nothing is said", four([1, 2], []))
ask("token 3 ends the turn", four([0, 1], [0.05, 0.45, 0.55, 0.35, 0.95, 0.15], stop=3))
ask("the prompt has turns that ended, and ends with one", four([1, 0, 2, 0], [0.15, 0.45, 0.75, 0.05, 0.55]))
ask("temperature 0.5", four([1], [0.45, 0.75, 0.35, 0.62, 0.92, 0.33], temperature=0.5))
ask("temperature 0: always the likeliest", drawn("row", 6, 6, temperature=0, least=2, stop=5))
ask("the likeliest is not always right: temperature 1", drawn("row", 6, 8, least=4, most=7))
ask("temperature 3", drawn("row", 7, 10, temperature=3.0, least=5, spread=3.0))
ask("temperature 0.3", drawn("row", 7, 10, temperature=0.3, least=4))
ask("sixty tokens, and unlikely ones among those written", with_an_unlikely_token)
ask("all tokens so far have a say", drawn("sum of rows", 6, 9, least=4, spread=0.6))
ask(
    "all tokens so far have a say, and the turn ends",
    drawn("sum of rows", 6, 12, least=3, most=8, spread=0.6, n_prompt=5),
)
ask("a turn that does not end: as many tokens as numbers", drawn("sum of rows", 8, 7, least=7, stop=99, spread=0.6))
ask("a prompt of one token, temperature 0.7", drawn("sum of rows", 9, 8, least=4, temperature=0.7, n_prompt=1, stop=4))


def _fewer_and_fewer(rng):
    whole = drawn("row", 8, 9, least=9, stop=99)(rng)
    next_logits, prompt, uniforms = whole.args
    return [call(next_logits, prompt, uniforms[:n], **whole.kwargs) for n in (9, 6, 3)]


@exercise.property("fewer numbers give the beginning of the same reply", _fewer_and_fewer)
def _(calls, answers):
    long, middle, short = map(list, answers)
    return [len(long), len(middle), len(short)] == [9, 6, 3] and long[:6] == middle and middle[:3] == short


ask(
    "forty tokens, temperature 0.8",
    drawn("sum of rows", 40, 30, temperature=0.8, least=15, most=28, stop=7, spread=0.5, says_zero=True),
    hidden=True,
)
ask(
    "thirty tokens, by the last alone, and the turn ends",
    drawn("row", 30, 40, least=5, most=30, stop=11, says_zero=True),
    hidden=True,
)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def tokens_grow(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for number in range(len(uniforms)):
        token = sample_token(next_logits(tokens), uniforms[number], temperature=temperature)
        if token == stop:
            return tokens[len(prompt) :]
        tokens = [*tokens, int(token)]
    return tokens[len(prompt) :]


@exercise.solution
def by_hand(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    while len(reply) < len(uniforms):
        logits = np.asarray(next_logits(np.array(list(prompt) + reply)), dtype=float)
        if temperature == 0:
            token = int(np.argmax(logits))
        else:
            borders = np.cumsum(np.exp((logits - logits.max()) / temperature))
            token = int(np.searchsorted(borders, uniforms[len(reply)] * borders[-1], side="right"))
        if token == stop:
            break
        reply += [token]
    return np.array(reply, dtype=int)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _replier(
    *,
    read=lambda prompt, reply: [*prompt, *reply],
    choose=lambda logits, uniform, temperature: int(sample_token(logits, uniform, temperature=temperature)),
    number=lambda uniforms, place: uniforms[place],
    n_of=len,
    says_over=lambda token, stop: token == stop,
    ended=lambda prompt, reply, stop: False,
    at_the_end=lambda reply, token: reply,
    whole=lambda prompt, reply: reply,
):
    """`sample_reply`, of which a mistake can replace each step."""

    def reply_to(next_logits, prompt, uniforms, *, temperature, stop):
        reply = []
        for place in range(n_of(uniforms)):
            if ended(prompt, reply, stop):
                break
            token = choose(next_logits(read(prompt, reply)), number(uniforms, place), temperature)
            if says_over(token, stop):
                reply = at_the_end(reply, token)
                break
            reply = [*reply, token]
        return whole(prompt, reply)

    return reply_to


def _mistake(name, *, why, says, **changed):
    """Know a mistake in which some steps are others."""
    function = _replier(**changed)
    function.__name__ = name
    exercise.mistake(why=why, says=says)(function)


# What is read.
_mistake(
    "reply_alone_is_read",
    read=lambda prompt, reply: list(reply),
    why="the reply is what grows",
    says="`next_logits` gets the reply alone, which is empty at first; it gets the prompt and what was written since",
)
_mistake(
    "prompt_alone_is_read",
    read=lambda prompt, reply: list(prompt),
    why="what was chosen is not put back",
    says="`next_logits` gets the prompt alone every time: each token has to be read before the next is chosen",
)
_mistake(
    "last_token_alone_is_read",
    read=lambda prompt, reply: [*prompt, *reply][-1:],
    why="a model with a memory gets one token at a time",
    says="`next_logits` gets the last token alone; it gets all tokens so far",
)
_mistake(
    "first_reply_after_the_last_prompt_token",
    read=lambda prompt, reply: [*prompt[-1:], *reply],
    why="the last token of the prompt seems to be where the reply begins",
    says="of the prompt only the last token is read; `next_logits` gets all of it",
)
_mistake(
    "reply_before_the_prompt",
    read=lambda prompt, reply: [*reply, *prompt],
    why="the two change places",
    says="the reply is read before the prompt; it stands behind it",
)

# How a token is chosen.
_mistake(
    "likeliest_always",
    choose=lambda logits, uniform, temperature: int(np.argmax(logits)),
    why="greedy choice comes first to mind",
    says="the likeliest token is taken always; the number decides, except at temperature 0",
)
_mistake(
    "temperature_has_no_effect",
    choose=lambda logits, uniform, temperature: int(
        sample_token(logits, uniform, temperature=1.0 if temperature else 0)
    ),
    why="it is not passed on; or probabilities are divided by it, and then by their sum",
    says="the temperature has no effect, except at 0: the logits are divided by it, before the softmax",
)
_mistake(
    "temperature_is_always_one",
    choose=lambda logits, uniform, temperature: int(sample_token(logits, uniform)),
    why="it is not passed on to `sample_token`",
    says="every token is chosen at temperature 1: `temperature` is not passed on",
)


def _divided_probabilities(logits, uniform, temperature):
    if temperature == 0:
        return int(np.argmax(logits))
    borders = np.cumsum(_softmax(logits) / temperature)
    return int(min(np.sum(borders <= uniform), len(logits) - 1))


def _softmax_twice(logits, uniform, temperature):
    return int(sample_token(_softmax(logits), uniform, temperature=temperature))


_mistake(
    "temperature_applied_to_probabilities",
    choose=_divided_probabilities,
    why="the temperature is applied to the probabilities",
    says="the probabilities are divided by the temperature, so that they do not add up to one; the logits are divided, "
    "before the softmax",
)
_mistake(
    "softmax_before_sampling",
    choose=_softmax_twice,
    why="`sample_token` is thought to take probabilities",
    says="`sample_token` gets probabilities; it takes the logits, and makes the probabilities itself",
)


def _likeliest_first(logits, uniform, temperature):
    order = np.argsort(-logits, kind="stable")
    return int(order[sample_token(logits[order], uniform, temperature=temperature)])


_mistake(
    "likeliest_first",
    choose=_likeliest_first,
    why="sorting by probability comes before top-k in other libraries",
    says="the shares are laid side by side from the likeliest to the least likely; they stand in the order of the "
    "tokens' numbers",
)
_mistake(
    "multiplied_by_the_temperature",
    choose=lambda logits, uniform, temperature: int(
        sample_token(logits, uniform, temperature=1 / temperature if temperature else 0)
    ),
    why="hot is taken for more",
    says="the logits are multiplied by the temperature; they are divided by it",
)
_mistake(
    "one_number_for_all",
    number=lambda uniforms, place: uniforms[0],
    why="`uniforms[0]` stands in the loop",
    says="one number, the first, chooses all tokens; each token has its own",
)
_mistake(
    "numbers_from_the_back",
    number=lambda uniforms, place: uniforms[len(uniforms) - 1 - place],
    why="`pop()` takes from the end",
    says="the numbers are taken from the last to the first; the first number chooses the first token",
)
_mistake(
    "one_token_fewer",
    n_of=lambda uniforms: max(0, len(uniforms) - 1),
    why="one is kept for the end",
    says="one number is left over: as many tokens may be written as there are numbers",
)

# The end of the turn.
_mistake(
    "end_of_turn_ignored",
    says_over=lambda token, stop: False,
    why="the loop runs over all numbers",
    says="the reply goes on behind the end of the turn, and `stop` stands in it; it ends there, without it",
)


@exercise.mistake(
    why="`continue` for `break`",
    says="the end of the turn is left out, and the reply goes on; it ends there",
)
def goes_on_after_the_end(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for uniform in uniforms:
        tokens.append(int(sample_token(next_logits(tokens), uniform, temperature=temperature)))
    return [token for token in tokens[len(prompt) :] if token != stop]


_mistake(
    "end_of_turn_included",
    at_the_end=lambda reply, token: [*reply, token],
    why="the token is added before it is looked at",
    says="the token that ends the turn stands at the end of the reply; it is left out",
)
_mistake(
    "end_in_the_prompt_counts",
    ended=lambda prompt, reply, stop: [*prompt, *reply][-1] == stop,
    why="`while tokens[-1] != stop`",
    says="a prompt that ends with the end of a turn gets no reply; only a new token ends the turn",
)
_mistake(
    "any_end_in_the_prompt_counts",
    ended=lambda prompt, reply, stop: stop in prompt,
    why="`stop in tokens` looks at the prompt, too",
    says="a prompt in which a turn has ended gets no reply; only a new token ends the turn",
)
_mistake(
    "any_end_in_the_prompt_counts_after_a_token",
    ended=lambda prompt, reply, stop: stop in prompt and len(reply) > 0,
    why="`if stop in tokens: break` behind `append` looks at the prompt, too",
    says="the reply is over after one token where a turn has ended in the prompt; only a new token ends the turn",
)
_mistake(
    "token_zero_ends_the_turn",
    says_over=lambda token, stop: token == 0,
    why="the example ends with 0",
    says="token 0 ends the turn, whatever `stop` is",
)

# What comes back.
_mistake(
    "prompt_included",
    whole=lambda prompt, reply: [*prompt, *reply],
    why="the whole list is at hand",
    says="the prompt stands in front of the reply; the new tokens alone are asked",
)
_mistake(
    "prompt_included_but_its_last",
    whole=lambda prompt, reply: [*prompt[-1:], *reply],
    why="the slice begins one too early",
    says="the last token of the prompt stands in front of the reply; the new tokens alone are asked",
)
