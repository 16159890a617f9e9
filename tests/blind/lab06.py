"""Answers to the exercises of lab 06, written from its text alone."""

import numpy as np

from tests.blind import right, wrong

# 1 · linear_vjp


@right("linear_vjp")
def adds_up_row_by_row_over_an_index(gradient, inputs, weights):
    d_inputs = np.einsum("...o,io->...i", gradient, weights)
    d_weights = np.zeros(weights.shape, dtype=np.result_type(gradient, inputs))
    d_bias = np.zeros(weights.shape[1], dtype=gradient.dtype)
    for index in np.ndindex(inputs.shape[:-1]):
        d_weights += np.outer(inputs[index], gradient[index])
        d_bias += gradient[index]
    return d_inputs, d_weights, d_bias


@wrong(
    "linear_vjp",
    truth="The formula for a plain matrix: transposes all axes and sums over axis 0. Right for exactly one leading "
    "axis; fails or gives wrong shapes for a single row and for batches of several axes.",
)
def formula_for_two_axes_only(gradient, inputs, weights):
    d_inputs = gradient @ weights.T
    d_weights = inputs.T @ gradient
    d_bias = np.sum(gradient, axis=0)
    return d_inputs, d_weights, d_bias


@wrong(
    "linear_vjp",
    truth="Divides d_weights and d_bias by the number of rows, as in courses where the loss is a mean: means, not sums. "
    "Wrong for every input of more than one row.",
)
def divides_by_the_number_of_rows(gradient, inputs, weights):
    x = inputs.reshape(-1, inputs.shape[-1])
    g = gradient.reshape(-1, gradient.shape[-1])
    m = x.shape[0]
    return gradient @ weights.T, x.T @ g / m, g.sum(axis=0) / m


@wrong(
    "linear_vjp",
    truth="Swaps the last two axes, so each batch entry keeps a d_weights of its own, (..., d_in, d_out), and d_bias keeps "
    "the batch axes too. Wrong with two or more leading axes; a single row fails.",
)
def leaves_the_batch_axes_in_weights_and_bias(gradient, inputs, weights):
    d_inputs = gradient @ weights.T
    d_weights = np.swapaxes(inputs, -1, -2) @ gradient
    d_bias = gradient.sum(axis=-2)
    return d_inputs, d_weights, d_bias


@wrong(
    "linear_vjp",
    truth="d_weights is right, but d_bias is summed over axis 0 alone. With two leading axes its shape is wrong, and for a "
    "single row it is one number.",
)
def sums_the_bias_over_the_first_axis_alone(gradient, inputs, weights):
    d_inputs = gradient @ weights.T
    x = inputs.reshape(-1, inputs.shape[-1])
    g = gradient.reshape(-1, gradient.shape[-1])
    return d_inputs, x.T @ g, gradient.sum(axis=0)


@wrong(
    "linear_vjp",
    truth="Reshapes the inputs to (d_in, rows) instead of transposing them, so numbers of different features and rows get "
    "mixed. The shape is right, d_weights wrong unless there is one row or one feature.",
)
def reshapes_where_it_should_transpose(gradient, inputs, weights):
    d_in, d_out = weights.shape
    d_weights = inputs.reshape(d_in, -1) @ gradient.reshape(-1, d_out)
    d_bias = gradient.reshape(-1, d_out).sum(axis=0)
    return gradient @ weights.T, d_weights, d_bias


@wrong(
    "linear_vjp",
    truth="d_weights is transposed, (d_out, d_in), as PyTorch lays weights out. Wrong for all inputs whose d_weights is not "
    "symmetric.",
)
def weights_gradient_laid_out_as_in_pytorch(gradient, inputs, weights):
    x = inputs.reshape(-1, inputs.shape[-1])
    g = gradient.reshape(-1, gradient.shape[-1])
    return gradient @ weights.T, g.T @ x, g.sum(axis=0)


@wrong(
    "linear_vjp",
    truth="d_inputs multiplies by the weights as they are, not by their transpose. Fails where d_in and d_out differ, and "
    "is wrong where they are equal.",
)
def forgets_to_transpose_the_weights(gradient, inputs, weights):
    x = inputs.reshape(-1, inputs.shape[-1])
    g = gradient.reshape(-1, gradient.shape[-1])
    return gradient @ weights, x.T @ g, g.sum(axis=0)


@wrong(
    "linear_vjp",
    truth="d_bias keeps an axis of length 1: (1, d_out) instead of (d_out). Wrong shape for every input.",
)
def keeps_an_axis_in_the_bias(gradient, inputs, weights):
    x = inputs.reshape(-1, inputs.shape[-1])
    g = gradient.reshape(-1, gradient.shape[-1])
    return gradient @ weights.T, x.T @ g, np.sum(g, axis=0, keepdims=True)


@wrong(
    "linear_vjp",
    truth="Swaps the last two axes and sums the matrices of the batch: right for one or more leading axes, but a single "
    "row (no leading axis) has no second axis to swap and fails.",
)
def no_leading_axis_forgotten(gradient, inputs, weights):
    d_weights = np.swapaxes(inputs, -1, -2) @ gradient
    while d_weights.ndim > 2:
        d_weights = d_weights.sum(axis=0)
    d_bias = gradient.sum(axis=tuple(range(gradient.ndim - 1)))
    return gradient @ weights.T, d_weights, d_bias


@wrong(
    "linear_vjp",
    truth="Sums the inputs and the gradients each over all rows and multiplies the sums, instead of summing the products. "
    "d_weights is wrong for more than one row.",
)
def multiplies_the_sums_of_the_rows(gradient, inputs, weights):
    axes = tuple(range(gradient.ndim - 1))
    d_bias = gradient.sum(axis=axes)
    return gradient @ weights.T, np.outer(inputs.sum(axis=axes), d_bias), d_bias


# 2 · attention_vjp


@right("attention_vjp")
def with_einsum_and_safe_normalizers(gradient, queries, keys, values, mask, outputs, log_normalizers):
    sees = np.isfinite(log_normalizers)
    z = np.where(sees, log_normalizers, 0)
    exponent = np.einsum("...id,...jd->...ij", queries, keys) + mask - z[..., None]
    p = np.exp(np.where(sees[..., None], exponent, -np.inf))
    offered = np.einsum("...ie,...je->...ij", gradient, values)
    has = np.einsum("...ie,...ie->...i", gradient, outputs)
    ds = p * (offered - has[..., None])
    return (
        np.einsum("...ij,...jd->...id", ds, keys),
        np.einsum("...ij,...id->...jd", ds, queries),
        np.einsum("...ij,...ie->...je", p, gradient),
    )


@wrong(
    "attention_vjp",
    truth="A row with log-normaliser minus infinity gives minus infinity minus minus infinity: NaN, which spreads to the "
    "gradients of all keys and values. Wrong where a row sees nothing.",
)
def nothing_visible_becomes_nan(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    P = np.exp(logits - log_normalizers[..., np.newaxis])
    dP = gradient @ np.swapaxes(values, -1, -2)
    dS = P * (dP - np.sum(gradient * outputs, axis=-1, keepdims=True))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="Makes the weights by a softmax of its own over the window and ignores the log-normalisers. Wrong where these are "
    "those of all rounds together, so that the weights should add up to less than one.",
)
def makes_a_softmax_of_its_own(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    top = np.max(logits, axis=-1, keepdims=True)
    P = np.exp(logits - np.where(np.isfinite(top), top, 0))
    P = P / np.maximum(P.sum(axis=-1, keepdims=True), 1e-300)
    P = np.where(np.isneginf(log_normalizers)[..., np.newaxis], 0, P)
    dP = gradient @ np.swapaxes(values, -1, -2)
    dS = P * (dP - np.sum(gradient * outputs, axis=-1, keepdims=True))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="Uses the textbook's softmax gradient, P (dP - sum of P dP), in place of dO . o with the given outputs. Wrong "
    "where outputs are those of all rounds together.",
)
def textbook_softmax_gradient_without_outputs(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    seen = ~np.isneginf(log_normalizers)[..., np.newaxis]
    P = np.where(seen, np.exp(logits - np.where(seen, log_normalizers[..., np.newaxis], 0)), 0)
    dP = gradient @ np.swapaxes(values, -1, -2)
    dS = P * (dP - np.sum(P * dP, axis=-1, keepdims=True))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="Divides exp(logits) by exp(log-normaliser) instead of subtracting within exp. Logits above about 709 overflow: "
    "infinity over infinity is NaN.",
)
def divides_two_exponentials(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    z = np.exp(log_normalizers)[..., np.newaxis]
    P = np.where(z > 0, np.exp(logits) / np.where(z > 0, z, 1), 0)
    dP = gradient @ np.swapaxes(values, -1, -2)
    dS = P * (dP - np.sum(gradient * outputs, axis=-1, keepdims=True))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="Divides the logits, and d_queries and d_keys, by the root of d, as the Transformer does. The text says without. "
    "Wrong for every d above 1.",
)
def divides_by_root_d(gradient, queries, keys, values, mask, outputs, log_normalizers):
    scale = 1 / np.sqrt(queries.shape[-1])
    logits = queries @ np.swapaxes(keys, -1, -2) * scale + mask
    seen = ~np.isneginf(log_normalizers)[..., np.newaxis]
    P = np.where(seen, np.exp(logits - np.where(seen, log_normalizers[..., np.newaxis], 0)), 0)
    dP = gradient @ np.swapaxes(values, -1, -2)
    dS = P * (dP - np.sum(gradient * outputs, axis=-1, keepdims=True)) * scale
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="The mask is not added to the logits, so hidden keys get weights. Wrong wherever a mask is not 0.",
)
def forgets_the_mask(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2)
    seen = ~np.isneginf(log_normalizers)[..., np.newaxis]
    P = np.where(seen, np.exp(logits - np.where(seen, log_normalizers[..., np.newaxis], 0)), 0)
    dP = gradient @ np.swapaxes(values, -1, -2)
    dS = P * (dP - np.sum(gradient * outputs, axis=-1, keepdims=True))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="Leaves out dO . o: the gradient of the logits is only P times dO . v, without going back through the softmax. "
    "d_queries and d_keys are wrong wherever dO . o is not 0.",
)
def forgets_what_the_query_has_already(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    seen = ~np.isneginf(log_normalizers)[..., np.newaxis]
    P = np.where(seen, np.exp(logits - np.where(seen, log_normalizers[..., np.newaxis], 0)), 0)
    dS = P * (gradient @ np.swapaxes(values, -1, -2))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="Uses .T, which turns all axes around, in place of swapping the last two. Right for arrays of two axes only; with "
    "batch axes it fails or mixes the batch.",
)
def transposes_with_dot_t(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ keys.T + mask
    seen = ~np.isneginf(log_normalizers)[..., None]
    P = np.where(seen, np.exp(logits - np.where(seen, log_normalizers[..., None], 0)), 0)
    dS = P * (gradient @ values.T - np.sum(gradient * outputs, axis=-1)[..., None])
    return dS @ keys, dS.T @ queries, P.T @ gradient


@wrong(
    "attention_vjp",
    truth="dO . o is summed without keepdims, so it lies along the keys instead of the queries. Fails where C and W differ "
    "(unless C is 1), and is wrong where they are equal and above 1.",
)
def query_terms_lie_along_the_keys(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    seen = ~np.isneginf(log_normalizers)[..., np.newaxis]
    P = np.where(seen, np.exp(logits - np.where(seen, log_normalizers[..., np.newaxis], 0)), 0)
    dS = P * (gradient @ np.swapaxes(values, -1, -2) - np.sum(gradient * outputs, axis=-1))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


@wrong(
    "attention_vjp",
    truth="Reads the mask as yes or no: keys with a negative mask get weight 0, others an unmasked logit. Wrong where the "
    "mask holds other numbers, such as -1 or a positive one.",
)
def mask_is_read_as_yes_or_no(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ np.swapaxes(keys, -1, -2)
    ln = log_normalizers[..., np.newaxis]
    visible = (mask >= 0) & ~np.isneginf(ln)
    P = np.where(visible, np.exp(logits - np.where(np.isneginf(ln), 0, ln)), 0)
    dP = gradient @ np.swapaxes(values, -1, -2)
    dS = P * (dP - np.sum(gradient * outputs, axis=-1, keepdims=True))
    return dS @ keys, np.swapaxes(dS, -1, -2) @ queries, np.swapaxes(P, -1, -2) @ gradient


# 3 · reversible_forward


@right("reversible_forward")
def loops_over_the_two_halves(x1, x2, f, g):
    streams = [x1, x2]
    for changed, function in enumerate((f, g)):
        streams[changed] = np.add(streams[changed], function(streams[1 - changed]))
    return tuple(streams)


@wrong(
    "reversible_forward",
    truth="g sees x1, the stream before it was changed, not y1. y2 is wrong wherever g(x1) differs from g(y1).",
)
def g_sees_the_old_stream(x1, x2, f, g):
    y1 = x1 + f(x2)
    y2 = x2 + g(x1)
    return y1, y2


@wrong(
    "reversible_forward",
    truth="Adds in place: the numbers are right, but the arrays x1 and x2 of the caller are changed.",
)
def adds_in_place(x1, x2, f, g):
    x1 += f(x2)
    x2 += g(x1)
    return x1, x2


@wrong(
    "reversible_forward",
    truth="Each stream is changed by a function of itself, f(x1) and g(x2), as in two residual layers side by side. Wrong "
    "wherever the streams differ.",
)
def each_stream_sees_itself(x1, x2, f, g):
    y1 = x1 + f(x1)
    y2 = x2 + g(x2)
    return y1, y2


@wrong(
    "reversible_forward",
    truth="g sees its own stream x2 instead of y1. y2 is wrong wherever g(x2) differs from g(y1).",
)
def g_sees_its_own_stream(x1, x2, f, g):
    y1 = x1 + f(x2)
    y2 = x2 + g(x2)
    return y1, y2


@wrong(
    "reversible_forward",
    truth="f and g are exchanged: g changes the first stream and f the second. Wrong wherever f and g differ.",
)
def takes_g_first(x1, x2, f, g):
    y1 = x1 + g(x2)
    y2 = x2 + f(y1)
    return y1, y2


@wrong(
    "reversible_forward",
    truth="Forgets to add x2: y2 is g(y1) alone. Wrong wherever x2 is not 0.",
)
def second_stream_not_added(x1, x2, f, g):
    y1 = x1 + f(x2)
    y2 = g(y1)
    return y1, y2


@wrong(
    "reversible_forward",
    truth="Uses f for both halves; g is never called. y2 is wrong wherever f and g differ.",
)
def uses_f_twice(x1, x2, f, g):
    y1 = x1 + f(x2)
    y2 = x2 + f(y1)
    return y1, y2


@wrong(
    "reversible_forward",
    truth="Changes the second stream first: y2 = x2 + g(x1), then y1 = x1 + f(y2). Wrong for all but special f and g.",
)
def changes_the_second_stream_first(x1, x2, f, g):
    y2 = x2 + g(x1)
    y1 = x1 + f(y2)
    return y1, y2


@wrong(
    "reversible_forward",
    truth="Returns the streams in the other order, y2 before y1. Wrong wherever they differ.",
)
def hands_back_the_second_stream_first(x1, x2, f, g):
    y1 = x1 + f(x2)
    y2 = x2 + g(y1)
    return y2, y1


@wrong(
    "reversible_forward",
    truth="y1 is only another name of x1, so += changes the caller's x1; x2 is left alone. The numbers are right.",
)
def another_name_is_not_a_copy(x1, x2, f, g):
    y1 = x1
    y1 += f(x2)
    y2 = x2 + g(y1)
    return y1, y2


# 4 · reversible_inverse


@right("reversible_inverse")
def subtracts_with_numpy_functions(y1, y2, f, g):
    x2 = np.subtract(y2, g(np.array(y1)))
    x1 = np.subtract(y1, f(x2))
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="Takes the steps back in the order of the way there: first f(y2) from y1, then g of that. f gets y2 instead of "
    "x2 and g the restored x1 instead of y1. Wrong for all but special f and g.",
)
def undoes_the_first_step_first(y1, y2, f, g):
    x1 = y1 - f(y2)
    x2 = y2 - g(x1)
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="x2 is right, but then f is given y2 instead of the x2 just found. x1 is wrong wherever f(y2) differs from f(x2).",
)
def f_sees_y2(y1, y2, f, g):
    x2 = y2 - g(y1)
    x1 = y1 - f(y2)
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="Subtracts in place: the numbers are right, but the caller's y1 and y2 are changed.",
)
def subtracts_in_place(y1, y2, f, g):
    y2 -= g(y1)
    y1 -= f(y2)
    return y1, y2


@wrong(
    "reversible_inverse",
    truth="Runs the steps in the right order but adds instead of subtracting. Wrong wherever f or g is not 0.",
)
def adds_on_the_way_back(y1, y2, f, g):
    x2 = y2 + g(y1)
    x1 = y1 + f(x2)
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="Returns x2 before x1. Wrong wherever the streams differ.",
)
def returns_x2_before_x1(y1, y2, f, g):
    x2 = y2 - g(y1)
    x1 = y1 - f(x2)
    return x2, x1


@wrong(
    "reversible_inverse",
    truth="f and g are exchanged: f is taken from the second stream and g from the first. Wrong wherever f and g differ.",
)
def takes_f_from_the_second_stream(y1, y2, f, g):
    x2 = y2 - f(y1)
    x1 = y1 - g(x2)
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="First takes f(y2) from y1, so x1 is wrong; x2 = y2 - g(y1) is right. Wrong wherever f(y2) differs from f(x2).",
)
def order_of_the_way_there_with_given_arrays(y1, y2, f, g):
    x1 = y1 - f(y2)
    x2 = y2 - g(y1)
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="The forward formula with minus signs and streams exchanged in the arguments: f sees x1's own stream y1. x1 is "
    "wrong wherever f(y1) differs from f(x2).",
)
def f_sees_its_own_stream(y1, y2, f, g):
    x2 = y2 - g(y1)
    x1 = y1 - f(y1)
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="x2 is only another name of y2, so -= changes the caller's y2. The numbers are right.",
)
def second_stream_changed_through_a_name(y1, y2, f, g):
    x2 = y2
    x2 -= g(y1)
    x1 = y1 - f(x2)
    return x1, x2


@wrong(
    "reversible_inverse",
    truth="The signs are turned: g(y1) - y2 and f(x2) - y1. Wrong wherever the inputs of the block are not 0.",
)
def subtracts_the_wrong_way_around(y1, y2, f, g):
    x2 = g(y1) - y2
    x1 = f(x2) - y1
    return x1, x2


# 5 · reversible_backward


@right("reversible_backward")
def inverse_first_and_gradients_after(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x2 = y2 - g_with_pull(y1)[0]
    x1 = y1 - f_with_pull(x2)[0]
    whole = d_y1 + g_with_pull(x1 + f_with_pull(x2)[0])[1](d_y2)
    return x1, x2, whole, f_with_pull(x2)[1](whole) + d_y2


@wrong(
    "reversible_backward",
    truth="f sends back only d_y1, not the whole gradient of y1 with what came through g. d_x2 is wrong wherever g sends "
    "something back.",
)
def f_sends_back_only_d_y1(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_x1 = d_y1 + pull_g(d_y2)
    d_x2 = d_y2 + pull_f(d_y1)
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="d_x1 is handed on as d_y1 alone, since x1 'is only added'; what g sends back is used for d_x2 but not returned. "
    "d_x1 is wrong wherever g sends something back.",
)
def d_x1_without_what_g_sends_back(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_x1 = d_y1
    d_x2 = d_y2 + pull_f(d_y1 + pull_g(d_y2))
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="f is called at y2 instead of the restored x2, so x1 and the pull of f are wrong wherever f differs there.",
)
def f_is_called_at_y2(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    f_y2, pull_f = f_with_pull(y2)
    x2 = y2 - g_y1
    x1 = y1 - f_y2
    d_x1 = d_y1 + pull_g(d_y2)
    d_x2 = d_y2 + pull_f(d_x1)
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="Adds in place to d_y1 and d_y2: the numbers are right, but the caller's gradients are changed.",
)
def adds_to_the_given_gradients(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    d_y1 += pull_g(d_y2)
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_y2 += pull_f(d_y1)
    return x1, x2, d_y1, d_y2


@wrong(
    "reversible_backward",
    truth="Forgets the direct paths: d_x2 is only what f sends back, without d_y2. Wrong wherever d_y2 is not 0.",
)
def d_x2_without_d_y2(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_x1 = d_y1 + pull_g(d_y2)
    d_x2 = pull_f(d_x1)
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="Restores the inputs first and then runs the gradients with the pull of g at x1 instead of y1. d_x1 and d_x2 are "
    "wrong where g is not linear.",
)
def pull_of_g_at_x1(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x2 = y2 - g_with_pull(y1)[0]
    x1 = y1 - f_with_pull(x2)[0]
    _, pull_f = f_with_pull(x2)
    _, pull_g = g_with_pull(x1)
    d_x1 = d_y1 + pull_g(d_y2)
    d_x2 = d_y2 + pull_f(d_x1)
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="Subtracts what the pulls send back, as the inverse subtracts f and g. Both gradients are wrong wherever the pulls "
    "are not 0.",
)
def subtracts_the_pulls(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    d_x1 = d_y1 - pull_g(d_y2)
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_x2 = d_y2 - pull_f(d_x1)
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="Takes the pull of ones as a derivative and multiplies it by the gradient. Right for functions that treat each "
    "number by itself, wrong where f or g mix features, as a linear map does.",
)
def multiplies_by_the_pull_of_ones(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_x1 = d_y1 + d_y2 * pull_g(np.ones_like(d_y2))
    d_x2 = d_y2 + d_x1 * pull_f(np.ones_like(d_x1))
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="Goes the gradients' road in the wrong order: first d_x2 from d_y1, then d_x1 with g's pull of the new d_x2. Both "
    "are wrong for all but special functions.",
)
def gradients_in_the_order_of_the_way_there(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_x2 = d_y2 + pull_f(d_y1)
    d_x1 = d_y1 + pull_g(d_x2)
    return x1, x2, d_x1, d_x2


@wrong(
    "reversible_backward",
    truth="Returns each stream with its gradient, x1, d_x1, x2, d_x2, instead of x1, x2, d_x1, d_x2. Wrong wherever d_x1 and "
    "x2 differ.",
)
def returns_stream_and_gradient_in_turn(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_y1, pull_g = g_with_pull(y1)
    x2 = y2 - g_y1
    d_x1 = d_y1 + pull_g(d_y2)
    f_x2, pull_f = f_with_pull(x2)
    x1 = y1 - f_x2
    d_x2 = d_y2 + pull_f(d_x1)
    return x1, d_x1, x2, d_x2


# 6 · dropout


@right("dropout")
def fills_zeros_by_a_mask(values, seed, *, rate):
    generator = np.random.default_rng(seed)
    kept = np.asarray(generator.random(values.shape)) >= rate
    result = np.zeros_like(values)
    result[kept] = values[kept] / (1 - float(rate))
    return result


@wrong(
    "dropout",
    truth="Keeps where the draw is below the rate and drops the others: upside down. Wrong for every rate.",
)
def keeps_what_should_be_dropped(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    keep = rng.random(values.shape) < rate
    return np.where(keep, values / (1 - rate), 0).astype(values.dtype)


@wrong(
    "dropout",
    truth="Does not divide the kept entries by 1 - rate, so the mean shrinks. Wrong for every rate above 0.",
)
def forgets_to_divide(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    keep = rng.random(values.shape) >= rate
    return np.where(keep, values, 0).astype(values.dtype)


@wrong(
    "dropout",
    truth="Works on the given array: sets entries to 0 and divides in place, so the caller's values are changed.",
)
def changes_the_values_in_place(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    drop = rng.random(values.shape) < rate
    values[drop] = 0
    values /= 1 - rate
    return values


@wrong(
    "dropout",
    truth="Fills an array of np.zeros, which is float64: for float32 values the dtype of the result is wrong.",
)
def result_is_always_float64(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    keep = rng.random(values.shape) >= rate
    result = np.zeros(values.shape)
    result[keep] = values[keep] / (1 - rate)
    return result


@wrong(
    "dropout",
    truth="Seeds NumPy's old global generator and draws from it: other numbers, so other entries are dropped. Wrong for most "
    "seeds and shapes; a seed tuple is taken, but gives other draws too.",
)
def draws_from_the_old_generator(values, seed, *, rate):
    np.random.seed(seed)
    keep = np.random.rand(*values.shape) >= rate
    return np.where(keep, values / (1 - rate), 0).astype(values.dtype)


@wrong(
    "dropout",
    truth="Drops by a mask of its own kind, a binomial draw of 1 - rate, not by comparing random() with the rate. Other "
    "entries are dropped for most seeds.",
)
def draws_the_mask_from_a_binomial(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    mask = rng.binomial(1, 1 - rate, size=values.shape)
    return (values * mask / (1 - rate)).astype(values.dtype)


@wrong(
    "dropout",
    truth="Draws with the dtype of the values. float32 values get other draws than float64 ones, so other entries drop. "
    "Wrong for float32.",
)
def draws_in_the_dtype_of_the_values(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    keep = rng.random(values.shape, dtype=values.dtype) >= rate
    return np.where(keep, values / (1 - rate), 0).astype(values.dtype)


@wrong(
    "dropout",
    truth="Multiplies the kept entries by 1 - rate, as the first dropout paper does at test time, instead of dividing. Wrong "
    "for every rate above 0.",
)
def multiplies_by_the_share_kept(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    keep = rng.random(values.shape) >= rate
    return np.where(keep, values * (1 - rate), 0).astype(values.dtype)


@wrong(
    "dropout",
    truth="Sets entries of the quotient to 0 by index. For values of shape () the quotient is a bare number, which cannot be "
    "assigned to: TypeError.",
)
def fails_for_a_single_number(values, seed, *, rate):
    drop = np.random.default_rng(seed).random(values.shape) < rate
    result = values / (1 - rate)
    result[drop] = 0
    return result


@wrong(
    "dropout",
    truth="An entry whose draw equals the rate exactly is dropped, where 'at least' keeps it. Wrong only where a draw equals "
    "the rate.",
)
def drops_where_the_draw_equals_the_rate(values, seed, *, rate):
    rng = np.random.default_rng(seed)
    keep = rng.random(values.shape) > rate
    return np.where(keep, values / (1 - rate), 0).astype(values.dtype)


# 7 · affine_coupling_forward


@right("affine_coupling_forward")
def stretches_a_copy_and_then_shifts_it(x1, x2, f, s):
    y2 = np.copy(x2)
    shift, factor = f(y2), np.exp(s(y2))
    y1 = np.multiply(factor, x1)
    y1 = np.add(y1, shift)
    return y1, y2


@wrong(
    "affine_coupling_forward",
    truth="Adds f(x2) before the stretch, so the shift is stretched too. Wrong wherever f(x2) and s(x2) are not 0.",
)
def shifts_before_it_stretches(x1, x2, f, s):
    y1 = (x1 + f(x2)) * np.exp(s(x2))
    return y1, x2


@wrong(
    "affine_coupling_forward",
    truth="Multiplies by s(x2) itself; exp is forgotten. Wrong for all s(x2).",
)
def forgets_exp(x1, x2, f, s):
    y1 = x1 * s(x2) + f(x2)
    y2 = x2
    return y1, y2


@wrong(
    "affine_coupling_forward",
    truth="The two functions are exchanged: exp(f(x2)) stretches and s(x2) shifts. Wrong wherever f and s differ.",
)
def exchanges_f_and_s(x1, x2, f, s):
    y1 = x1 * np.exp(f(x2)) + s(x2)
    return y1, x2


@wrong(
    "affine_coupling_forward",
    truth="Keeps the first stream and changes the second, as RealNVP is written: y1 = x1, y2 = x2 exp(s(x1)) + f(x1). Wrong "
    "for all but special inputs.",
)
def keeps_the_first_stream_as_realnvp(x1, x2, f, s):
    y1 = x1
    y2 = x2 * np.exp(s(x1)) + f(x1)
    return y1, y2


@wrong(
    "affine_coupling_forward",
    truth="Multiplies and adds in place: the numbers are right, but the caller's x1 is changed.",
)
def stretches_in_place(x1, x2, f, s):
    x1 *= np.exp(s(x2))
    x1 += f(x2)
    return x1, x2


@wrong(
    "affine_coupling_forward",
    truth="Changes the second stream as well, by f and s of y1, as the reversible block does with two functions. y2 should "
    "be x2; wrong wherever f or s is not 0.",
)
def changes_the_second_stream_too(x1, x2, f, s):
    y1 = x1 * np.exp(s(x2)) + f(x2)
    y2 = x2 * np.exp(s(y1)) + f(y1)
    return y1, y2


@wrong(
    "affine_coupling_forward",
    truth="f and s see x1, the stream that is changed, which cannot be undone. Wrong wherever the streams differ.",
)
def f_and_s_see_the_changed_stream(x1, x2, f, s):
    y1 = x1 * np.exp(s(x1)) + f(x1)
    return y1, x2


@wrong(
    "affine_coupling_forward",
    truth="The factor multiplies f(x2) instead of x1: x1 + exp(s(x2)) f(x2). Wrong wherever s(x2) is not 0.",
)
def stretches_the_shift_instead(x1, x2, f, s):
    return x1 + np.exp(s(x2)) * f(x2), x2


@wrong(
    "affine_coupling_forward",
    truth="Returns only y1; y2 = x2 is missing. Wrong for every input.",
)
def returns_y1_alone(x1, x2, f, s):
    y1 = x1 * np.exp(s(x2)) + f(x2)
    return y1


@wrong(
    "affine_coupling_forward",
    truth="exp stands within s, s(exp(x2)) in place of exp(s(x2)). Right where s does nothing, as in the example, wrong for "
    "others.",
)
def exp_within_s(x1, x2, f, s):
    y1 = x1 * s(np.exp(x2)) + f(x2)
    return y1, x2


# 8 · affine_coupling_inverse


@right("affine_coupling_inverse")
def divides_by_the_factor(y1, y2, f, s):
    factor = np.exp(s(y2))
    without_shift = np.subtract(y1, f(y2))
    return np.divide(without_shift, factor), np.copy(y2)


@wrong(
    "affine_coupling_inverse",
    truth="Divides first and subtracts f after, the order of the way there. Wrong wherever f(y2) and s(y2) are not 0.",
)
def divides_before_it_subtracts(y1, y2, f, s):
    x1 = y1 * np.exp(-s(y2)) - f(y2)
    return x1, y2


@wrong(
    "affine_coupling_inverse",
    truth="Parentheses are missing: only f(y2) is divided by the factor. Wrong wherever s(y2) is not 0.",
)
def parentheses_missing(y1, y2, f, s):
    x1 = y1 - f(y2) / np.exp(s(y2))
    return x1, y2


@wrong(
    "affine_coupling_inverse",
    truth="Multiplies by exp(s(y2)) again instead of dividing. Wrong wherever s(y2) is not 0.",
)
def stretches_once_more(y1, y2, f, s):
    x1 = (y1 - f(y2)) * np.exp(s(y2))
    x2 = y2
    return x1, x2


@wrong(
    "affine_coupling_inverse",
    truth="Divides by s(y2) itself; exp is forgotten. Wrong for all s(y2), infinite or NaN where it is 0.",
)
def divides_by_s_itself(y1, y2, f, s):
    x1 = (y1 - f(y2)) / s(y2)
    return x1, y2


@wrong(
    "affine_coupling_inverse",
    truth="The two functions are exchanged: s(y2) is subtracted and exp(f(y2)) divided out. Wrong wherever f and s differ.",
)
def subtracts_s_and_divides_by_f(y1, y2, f, s):
    x1 = (y1 - s(y2)) * np.exp(-f(y2))
    return x1, y2


@wrong(
    "affine_coupling_inverse",
    truth="Subtracts and divides in place: the numbers are right, but the caller's y1 is changed.",
)
def takes_back_in_place(y1, y2, f, s):
    y1 -= f(y2)
    y1 /= np.exp(s(y2))
    return y1, y2


@wrong(
    "affine_coupling_inverse",
    truth="Keeps the first stream and takes the second one back, as RealNVP is written. Wrong for all but special inputs.",
)
def takes_the_second_stream_back(y1, y2, f, s):
    x1 = y1
    x2 = (y2 - f(y1)) * np.exp(-s(y1))
    return x1, x2


@wrong(
    "affine_coupling_inverse",
    truth="Only the shift is undone, as in the additive block; the stretch stays. Wrong wherever s(y2) is not 0.",
)
def undoes_the_shift_alone(y1, y2, f, s):
    x2 = y2
    x1 = y1 - f(x2)
    return x1, x2


@wrong(
    "affine_coupling_inverse",
    truth="The minus stands within s: exp(s(-y2)) in place of exp(-s(y2)). Right for odd s, such as the example's, wrong for "
    "others.",
)
def minus_within_s(y1, y2, f, s):
    x1 = (y1 - f(y2)) * np.exp(s(-y2))
    return x1, y2


@wrong(
    "affine_coupling_inverse",
    truth="f and s see y1, the stream that was changed, instead of y2. Wrong wherever the streams differ.",
)
def f_and_s_see_y1(y1, y2, f, s):
    x1 = (y1 - f(y1)) / np.exp(s(y1))
    return x1, y2
