"""Your functions in the models: `install` puts them there, `train` trains with them, `remove` takes them out again.

    from classroom import mine
    mine.install()
    state = mine.train(model, draw_batch, n_steps=400)
    mine.remove()

What is put there are the answers that `kept` has: those that got all points on this machine. Each takes the place of
every reference that a module of `reformer` holds to the course's function; `reformer` itself knows nothing of it, and
its packages `loops` and `fast` stay as they are. The places are of this kernel, and gone with it.
"""

import importlib
import inspect
import pkgutil
import textwrap
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial, wraps

import numpy as np

import reformer
from autograder.checking.limit import StillRunning, within
from autograder.exercises import LABS
from classroom import kept, my_labs
from reformer import training
from reformer.model import LanguageModel, ReformerLM
from reformer.optimizer import learning_rate_at, update_parameters
from reformer.parameters import flatten_parameters, map_parameters
from reformer.sampling import sample

# A small Reformer that calls every function of the core that a model can call.
SMALL = ReformerLM(
    vocabulary_size=7,
    max_length=12,
    d_model=8,
    d_ff=6,
    chunk_length=3,
    n_buckets=4,
    positions="axial",
    axial_shape=(3, 4),
    position_chunk=4,
    dropout=0.2,
)
# What an exercise asks for less than the course's function can do: a call beyond goes to the course's, and why.
WITHIN_THE_EXERCISE = {
    "lsh_attention": lambda queries_keys, *_, chunk_length, **__: np.shape(queries_keys)[-2] % chunk_length == 0,
}
FAST = "The model says fast=True: hashing and LSH attention take the tuned path, which calls none of yours."
CLOSE = {np.float64: 1e-4, np.float32: 1e-2}  # how near a step has to come, as a share of the largest number
SLOWER = 1.25  # times what a step takes with the course's functions: so much is granted where these are too slow, too
SHORTEST_LIMIT = 2.0  # seconds for a step that is timed
TRIAL = 5.0  # seconds for a step on a few tokens


# --- what stands in the course's place ------------------------------------------------------------------------------


class Stand:
    """What stands in the place of a function of the course: it calls the learner's, or the course's.

    extra : names of the options that the course's takes and the learner's does not
    in_use : whether the learner's is called at all
    n_calls, n_passed_on : calls that the learner's answered, and those that went to the course's since they have such
        an option, or ask for more than the exercise did
    """

    def __init__(self, name, course, learners, clock):
        self.name, self.course, self.learners = name, course, learners
        self.extra = _options(course) - _parameters(learners)
        self.in_use, self.n_calls, self.n_passed_on = True, 0, 0
        is_asked = WITHIN_THE_EXERCISE.get(name, lambda *arguments, **options: True)

        @wraps(course)
        def stands_in(*arguments, **options):
            if not self.in_use:
                call = partial(clock.timed, name, course) if clock.runs else course
                return call(*arguments, **options)
            if not self.extra.isdisjoint(options) or not is_asked(*arguments, **options):
                self.n_passed_on += 1
                return course(*arguments, **options)
            self.n_calls += 1
            call = partial(clock.timed, name, learners) if clock.runs else learners
            return _as_precise_as(arguments, call(*arguments, **options))

        self.function = stands_in


class Clock:
    """The seconds that each function takes while the clock runs, with all that it calls.

    They are the processor's: what else the machine does meanwhile is nobody's fault. Not counted are functions that it
    was given, or that these return: they are the model's, and only run inside of it.
    """

    def __init__(self):
        self.runs, self.seconds, self._not_counted = False, {}, [0.0]

    @contextmanager
    def running(self):
        self.runs, self.seconds, self._not_counted = True, {}, [0.0]
        try:
            yield
        finally:
            self.runs = False

    def timed(self, name, function, *arguments, **options):
        """Call a function, and count the time under `name`."""
        arguments = [self._without_counting(value) for value in arguments]
        options = {key: self._without_counting(value) for key, value in options.items()}
        self._not_counted.append(0.0)
        began = _now()
        try:
            return function(*arguments, **options)
        finally:
            inside = self._not_counted.pop()
            self._not_counted[-1] += inside
            self.seconds[name] = self.seconds.get(name, 0.0) + _now() - began - inside

    def _without_counting(self, value):
        if type(value) is tuple:
            return tuple(map(self._without_counting, value))
        if not callable(value):
            return value

        def given(*arguments, **options):
            self._not_counted.append(0.0)
            began = _now()
            try:
                return self._without_counting(value(*arguments, **options))
            finally:
                self._not_counted.pop()
                self._not_counted[-1] += _now() - began

        return given


def _now():
    """Seconds of the processor that this thread has had."""
    return time.thread_time()


def _as_precise_as(arguments, result):
    """Arrays of floats in a result in the precision of the first such argument: what the core does, and checks ask not.

    A model in float32 refuses to go on in float64.
    """
    floats = (value.dtype for value in arguments if isinstance(value, np.ndarray) and value.dtype.kind == "f")
    if (dtype := next(floats, None)) is None:
        return result
    if isinstance(result, tuple):
        return tuple(_as_precise_as(arguments, one) for one in result)
    is_other = isinstance(result, np.ndarray) and result.dtype.kind == "f" and result.dtype != dtype
    return result.astype(dtype) if is_other else result


_clock = Clock()
_stands = {}  # by name: what is installed
_replaced = []  # (module, attribute, the course's function, what stands there now)
_read = {}  # the kept files that `install` read, {name: bytes}


def _options(function):
    """The names of a function's parameters that can be left out."""
    return {name for name, one in inspect.signature(function).parameters.items() if one.default is not one.empty}


def _parameters(function):
    """The names that a function can be given by keyword; every one where it takes **options, or does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return _Everything()
    kinds = {parameter.kind for parameter in parameters}
    return _Everything() if inspect.Parameter.VAR_KEYWORD in kinds else {one.name for one in parameters}


class _Everything(set):
    """A set from which nothing is missing."""

    def __rsub__(self, other):
        return set()


def _modules():
    """The modules of `reformer`, without its packages."""
    found = [module.name for module in pkgutil.iter_modules(reformer.__path__) if not module.ispkg]
    return [importlib.import_module(f"reformer.{name}") for name in found]


def _put(stand):
    """Put a stand in every place where a module of `reformer` names the course's function."""
    for module in _modules():
        for attribute, value in list(vars(module).items()):
            if value is stand.course:
                setattr(module, attribute, stand.function)
                _replaced.append((module, attribute, stand.course, stand.function))


def _course_functions():
    """The functions of `reformer` that an exercise asks for, by name."""
    of_labs = [exercise for lab in LABS.values() for exercise in lab.exercises]
    courses = {exercise.name: inspect.unwrap(exercise.reference) for exercise in of_labs}
    return {name: course for name, course in courses.items() if course.__module__.startswith("reformer.")}


# --- install and remove ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """Which functions run in a model.

    yours : names of yours that a training step runs
    beside : of yours that are in place, and that no training step of this model runs
    courses : of the course's that it runs
    left_out : {name: why yours was left out}
    remarks : sentences about all of it
    """

    yours: tuple = ()
    beside: tuple = ()
    courses: tuple = ()
    left_out: dict = field(default_factory=dict)
    remarks: tuple = ()

    def lines(self):
        """The report as (title, text) pairs; names stand between backticks."""
        rows = [("Yours", self.yours, "none yet"), ("The course's", self.courses, "none")]
        rows += [("Yours too, but not part of a training step", self.beside, "")] if self.beside else []
        lines = [(title, ", ".join(f"`{name}`" for name in names) or none) for title, names, none in rows]
        lines += [(f"Left out, `{name}`", why) for name, why in self.left_out.items()]
        return lines + [("", remark) for remark in self.remarks]

    @property
    def text(self):
        return "\n".join(f"{title}: {text}" if title else text for title, text in self.lines()).replace("`", "")

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        rows = [(kept.explained(title), kept.explained(text)) for title, text in self.lines()]
        return "".join(f"<div>{f'<b>{title}:</b> ' if title else ''}{text}</div>" for title, text in rows)


def install(model=None):
    """Put the kept functions, in this kernel, in the place of the course's. Returns a `Report`.

    Each is tried first: one training step, on a few tokens, with it alone in place has to give what the course's gives.
    One that fails is left out. A call that asks for more than the exercise did, such as an option that yours does not
    take, goes to the course's; what yours returns is rounded to the precision of the model. Where some are installed
    already, they are removed first.

    model : the model to try them in, such as the one to train; a small Reformer unless told otherwise

    Never raises for what a kept file holds.
    """
    remove()
    courses, (loaded, left_out), remarks = _course_functions(), _load(my_labs.folder_to_read()), []
    _read.clear()
    _read.update(_kept_files())
    called, problems = _try_out(SMALL if model is None else model, loaded)
    left_out |= problems
    for name, stand in loaded.items():
        if name not in problems:
            _stands[name] = stand
            _put(stand)
    if getattr(model, "fast", False):
        remarks.append(FAST)
    narrow = [name for name, stand in _stands.items() if stand.extra or name in WITHIN_THE_EXERCISE]
    if narrow:
        remarks.append(f"Calls that ask for more than your exercise did go to the course's {_listed(narrow)}.")
    return Report(
        tuple(name for name in _stands if name in called),
        tuple(name for name in _stands if name not in called),
        tuple(name for name in courses if name in called and name not in _stands),
        left_out,
        tuple(remarks),
    )


def _load(folder):
    """The kept functions of a folder, {name: stand}, and those that cannot be had, {name: why}."""
    courses, loaded, left_out = _course_functions(), {}, {}
    for name in kept.kept_names(folder):
        if name in courses:
            try:
                loaded[name] = Stand(name, courses[name], kept.load(folder, name), _clock)
            except (kept.Damaged, kept.NotKept) as error:
                left_out[name] = str(error)
    return loaded, left_out


def _kept_files():
    """What stands in the kept files now, {name: bytes}."""
    folder = my_labs.folder_to_read()
    paths = {name: folder / kept.FOLDER / f"{name}.py" for name in kept.kept_names(folder)}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def remove():
    """Put the course's functions back, everywhere. Does nothing where none of yours is installed."""
    while _replaced:
        module, attribute, course, stands_there = _replaced.pop()
        if getattr(module, attribute, None) is stands_there:
            setattr(module, attribute, course)
    _stands.clear()


def calls():
    """How often your functions were called since they were installed: {name: count}, without those that never were."""
    return {name: stand.n_calls for name, stand in _stands.items() if stand.n_calls}


def _try_out(model, stands, batch=None):
    """Try each of some stands alone, {name: stand}, while none is in place: (names that a step of the model calls,
    {name: what is wrong})."""
    counted = {name: Stand(name, course, course, _clock) for name, course in _course_functions().items()}
    with _in_place(counted.values()):
        right = {dtype: _outcome(model, dtype, batch) for dtype in CLOSE}
    called = {name for name, stand in counted.items() if stand.n_calls or stand.n_passed_on}
    problems = {}
    for name in sorted(called & set(stands)):
        stand = Stand(name, stands[name].course, stands[name].learners, _clock)
        with _in_place([stand]):
            why = _difference(model, right, batch)
        if not why and not stand.n_calls:
            why = "each call of this model asks for more than the exercise did, such as an option that yours lacks"
        if why:
            problems[name] = why
    return called, problems


@contextmanager
def _in_place(stands):
    """Some stands in place for a while, and nothing else than before afterwards."""
    n_before = len(_replaced)
    try:
        for stand in stands:
            _put(stand)
        yield
    finally:
        while len(_replaced) > n_before:
            module, attribute, course, _ = _replaced.pop()
            setattr(module, attribute, course)


@contextmanager
def _set_aside():
    """The course's functions everywhere for a while, and afterwards again what is installed."""
    installed = list(_replaced)
    _replaced.clear()
    for module, attribute, course, _ in installed:
        setattr(module, attribute, course)
    try:
        yield
    finally:
        for module, attribute, _, stands_there in installed:
            setattr(module, attribute, stands_there)
        _replaced[:] = installed


def _difference(model, right, batch):
    """What is wrong with a step as things are in place now, in words; empty where it gives what is right."""
    for dtype, expected in right.items():
        try:
            got = within(TRIAL, partial(_outcome, model, dtype, batch))
        except StillRunning:
            return f"on a few tokens it was still running after {TRIAL:g} s"
        except Exception as error:
            words = " ".join(str(error).split())[:160]
            return f"in the model it fails: {type(error).__name__}{f': {words}' if words else ''}"
        for name, array in expected.items():
            scale = np.max(np.abs(array), initial=1e-12)
            if np.shape(got[name]) != np.shape(array) or not np.all(np.abs(got[name] - array) <= CLOSE[dtype] * scale):
                return f"in the model it gives another {name.partition('/')[0]} than the course's"
    return ""


def _outcome(model, dtype, batch):
    """What comes of a step on a few tokens, as {name: array}: loss, gradients, moved parameters, and a sample."""
    rng = np.random.default_rng(0)
    if isinstance(model, LanguageModel):
        model = replace(model, n_layers=min(2, model.n_layers))  # two show what the second makes of the first
    parameters = model.init_parameters(rng, dtype)
    inputs, targets, weights, *padding = _few_tokens(model, rng) if batch is None else batch
    with np.errstate(all="ignore"):
        loss, gradients = model.loss_and_gradients(parameters, inputs, targets, weights, *padding, seed=0)
        moments = [map_parameters(np.zeros_like, parameters) for _ in range(2)]
        moved = update_parameters(parameters, gradients, *moments, 1, learning_rate=0.01)[0]
        outcome = {"loss": loss, "gradients": gradients, "parameters": moved}
        if isinstance(model, LanguageModel) and dtype is np.float64 and inputs.shape[1] > 2:
            outcome["sample"] = sample(model, parameters, inputs[:1, :-2], n_new=2, rng=np.random.default_rng(1))
    return flatten_parameters(outcome)


def _few_tokens(model, rng):
    """A batch of two short sequences for a model, in whole chunks."""
    length = min(model.max_length, 4 * model.chunk_length)
    inputs, targets = rng.integers(0, model.vocabulary_size, (2, 2, length))
    return inputs, targets, np.ones((2, length))


def _listed(names):
    return ", ".join(f"`{name}`" for name in sorted(names))


# --- training -------------------------------------------------------------------------------------------------------


def train(model, draw_batch, *, n_steps, learning_rate=None, seconds=120, state=None, seed=0, **options):
    """Train a model with your functions in it, as `reformer.training.train` does.

    One step is timed first. Where all of them would take more than `seconds`, the slowest of your functions step back
    for this training, and the course's run instead; what is done, and why, is printed.

    Parameters
    ----------
    model, draw_batch, n_steps : as of `reformer.training.train`
    learning_rate : function of the step; without one, a rise to 0.005 over 100 steps
    seconds : how long all steps may take; None for as long as they need
    state : `TrainingState` to go on from, such as one of an earlier call; without one, parameters are drawn by `seed`
    options : others of `reformer.training.train`: `evaluate_on`, `checkpoint`, `max_norm` ... What evaluations take is
        not among the seconds

    Returns
    -------
    state : `TrainingState`; after an interrupt its `step` is below `n_steps`, and a call with it as `state` goes on

    Raises what `reformer.training.train` raises. Installs your functions where they are not, or where a check has kept
    another since; they stay installed.
    """
    if state is None:
        state = training.start_training(model, np.random.default_rng(seed))
    if learning_rate is None:
        learning_rate = partial(learning_rate_at, peak=0.005, n_warmup=100)
    n_left = n_steps - state.step
    if n_left <= 0:
        print(f"All {n_steps} steps are done: ask for more, or begin anew without a state.")
    elif not _stands or _read != _kept_files():
        _say(install().text)
    try:
        try:
            if n_left > 0 and _stands:
                _say(_choose(model, draw_batch, state, n_left, seconds))
        except KeyboardInterrupt:
            print(training.stopped(state, n_steps))
            return state
        return training.train(model, draw_batch, state, n_steps=n_steps, learning_rate=learning_rate, **options)
    finally:
        for stand in _stands.values():
            stand.in_use = True


def _say(text):
    """Print sentences so that a notebook breaks no word of them."""
    for line in text.splitlines():
        print(textwrap.fill(line, 90, break_long_words=False, break_on_hyphens=False))


def _choose(model, draw_batch, state, n_left, seconds):
    """Decide which of the stands are in use for a training, and return what is to be said of it."""
    reasons = _unfit(model, _some_tokens(model, draw_batch, state))
    for name in reasons:
        _stands[name].in_use = False
    before, step = calls(), partial(_take_step, model, draw_batch, state)
    if seconds is None:
        taken = _timed(step)
    else:
        taken, slow = _step_back(step, seconds / n_left)
        reasons |= {name: f"too slow: {why}, and {n_left} steps are to take {_time(seconds)}" for name, why in slow}
    used = [name for name, stand in _stands.items() if stand.in_use and stand.n_calls > before.get(name, 0)]
    lines = [f"Yours, in each step: {', '.join(used) or 'none'}."]
    lines += [f"The course's {name} instead of yours: {why}." for name, why in reasons.items()]
    lines += [FAST] * getattr(model, "fast", False)
    needed = taken.by_the_clock * n_left
    lines.append(f"A step takes {_time(taken.by_the_clock)}, so {n_left} steps take about {_time(needed)}.")
    if seconds is not None and needed > seconds:
        lines.append(
            f"That is more than {_time(seconds)}, even with the course's functions. Stop when you like, and go on "
            "later: give the state that comes back to another call, as state=..."
        )
    return "\n".join(lines).replace("`", "")


def _unfit(model, batch):
    """{name: why} of the installed functions that do not give this model what the course's give, on a few tokens."""
    with _set_aside():
        return _try_out(model, _stands, batch)[1]


def _some_tokens(model, draw_batch, state):
    """The next batch, cut to two sequences and a few tokens: in whole chunks where the batch is, else not."""
    rng = np.random.default_rng()
    rng.bit_generator.state = state.random
    inputs, targets, weights, *padding = draw_batch(rng)
    length, chunk = np.shape(inputs)[1], getattr(model, "chunk_length", 16)
    n = length if length <= 4 * chunk else 3 * chunk + (length % chunk or chunk)
    cut = [np.asarray(array)[:2, :n] for array in (inputs, targets, *padding)]
    return cut[0], cut[1], np.ones(cut[0].shape) if len(cut) == 2 else 1.0 - cut[2], *cut[2:]


@dataclass(frozen=True)
class Taken:
    """What a timed step took.

    seconds, by_the_clock : of the processor, and of who waits for it
    whole : whether it ended
    of_each : seconds of each of the functions that stand in place
    """

    seconds: float
    by_the_clock: float
    whole: bool
    of_each: dict


def _timed(step, limit=None):
    """Time one step; it is stopped after `limit` seconds, if there is a limit."""
    whole, began, began_by_the_clock = True, _now(), time.perf_counter()
    with _clock.running():
        try:
            step() if limit is None else within(limit, step)
        except StillRunning:
            whole = False
    return Taken(_now() - began, time.perf_counter() - began_by_the_clock, whole, dict(_clock.seconds))


def _step_back(step, allowed):
    """Let slow functions step back until a step takes at most `allowed` seconds, or not much more than the course's.

    Returns what the last step took, and [(name, why)] of those that stepped back.
    """
    limit, reasons, once_more = max(SHORTEST_LIMIT, 3 * allowed), [], True
    taken = _timed(step, limit)
    if taken.whole and taken.seconds > allowed:
        taken = _timed(step, limit)  # the first one warmed up, and does not count
    if taken.whole and taken.seconds <= allowed:
        return taken, []
    courses = _with_the_courses(step)
    limit = max(limit, 3 * courses.seconds)
    if courses.seconds > allowed:
        allowed = SLOWER * courses.seconds
    while not (taken.whole and taken.seconds <= allowed):
        slow = _slowest(taken, courses, allowed)
        if not slow and not once_more:
            break
        once_more = bool(slow)
        for name in slow:
            _stands[name].in_use = False
            theirs, at_least = courses.of_each.get(name, 0.0), "" if taken.whole else "at least "
            why = f"yours takes {at_least}{_time(taken.of_each[name])} of a step, the course's {_time(theirs)}"
            reasons.append((name, why))
        taken = _timed(step, limit)
    return taken, reasons


def _with_the_courses(step):
    """Time a step with the course's functions alone."""
    in_use = {name: stand.in_use for name, stand in _stands.items()}
    for stand in _stands.values():
        stand.in_use = False
    try:
        return _timed(step)
    finally:
        for name, stand in _stands.items():
            stand.in_use = in_use[name]


def _slowest(taken, courses, allowed):
    """The functions in use that are slower than the course's, the slowest first, until a step would be short enough."""
    more = {name: of_it - courses.of_each.get(name, 0.0) for name, of_it in taken.of_each.items()}
    more = {name: of_it for name, of_it in more.items() if _stands[name].in_use and of_it > 0.02 * taken.seconds}
    slow, left = [], taken.seconds
    for name in sorted(more, key=more.get, reverse=True):
        if slow and left <= allowed:
            break
        slow.append(name)
        left -= more[name]
    return slow


def _take_step(model, draw_batch, state):
    """What a step computes, without a trace."""
    rng = np.random.default_rng()
    rng.bit_generator.state = state.random
    batch = draw_batch(rng)
    _, gradients = model.loss_and_gradients(state.parameters, *batch, seed=int(rng.integers(2**31)))
    moments = state.first_moment, state.second_moment
    update_parameters(state.parameters, gradients, *moments, state.step + 1, learning_rate=1e-3)


def _time(seconds):
    for size, unit, format in ((1, 1e-3, "{:.0f} ms"), (10, 1, "{:.1f} s"), (180, 1, "{:.0f} s")):
        if seconds < size:
            return format.format(seconds / unit)
    return f"{seconds / 60:.0f} minutes"
