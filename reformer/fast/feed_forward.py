"""The feed-forward layer with its wide activations kept for the backward pass, which `gradients` makes again.

In a step of a whole model that is one matrix product of eleven.
"""

from reformer.feed_forward import activate, slope
from reformer.gradients import linear_vjp
from reformer.layers import linear


def feed_forward_forward(inputs, parameters, *, activation="relu"):
    """`feed_forward`: (outputs, saved), with `saved` for `feed_forward_backward`."""
    wide = linear(inputs, parameters["w_in"], parameters["b_in"])
    rising = slope(wide, activation)
    active = activate(wide, activation)
    return linear(active, parameters["w_out"], parameters["b_out"]), (inputs, parameters, rising, active)


def feed_forward_backward(gradient, saved):
    """(d_inputs, {"w_in", "b_in", "w_out", "b_out"}) of `feed_forward`."""
    inputs, parameters, rising, active = saved
    d_wide, d_w_out, d_b_out = linear_vjp(gradient, active, parameters["w_out"])
    d_wide *= rising
    d_inputs, d_w_in, d_b_in = linear_vjp(d_wide, inputs, parameters["w_in"])
    return d_inputs, {"w_in": d_w_in, "b_in": d_b_in, "w_out": d_w_out, "b_out": d_b_out}
