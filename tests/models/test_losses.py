"""Training gives the losses that the 1.8.5 package gave, with our programs and with the programs that it saved."""

import json
import os

import nets
import numpy as np
import paddle.fluid as fluid
import pytest

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
TOLERANCE = 1e-4

with open(os.path.join(DATA, "losses.json")) as file:
    LOSSES = json.load(file)


def check(name, values):
    np.testing.assert_allclose(values, LOSSES[name]["values"], rtol=1e-6, atol=TOLERANCE)


def saved(name, kind):
    with open(os.path.join(DATA, "%s_%s.pdmodel" % (name, kind)), "rb") as file:
        return file.read()


@pytest.fixture(scope="module", params=sorted(nets.NETS))
def net(request):
    with fluid.unique_name.guard():
        return (request.param,) + nets.NETS[request.param]()


def test_built_program_trains_to_the_same_losses(net):
    name, main, startup, loss, batches = net
    assert loss.name == LOSSES[name]["loss"] and len(batches) == nets.STEPS
    values = nets.train(main, startup, loss, batches, main.all_parameters())
    check(name, values)


def test_saved_program_trains_to_the_same_losses(net):
    name, built, _, _, batches = net
    main = fluid.Program.parse_from_string(saved(name, "main"))
    startup = fluid.Program.parse_from_string(saved(name, "startup"))
    values = nets.train(main, startup, LOSSES[name]["loss"], batches, built.all_parameters())
    check(name, values)


@pytest.mark.parametrize("kind", ["main", "startup"])
@pytest.mark.parametrize("name", sorted(nets.NETS))
def test_saved_program_is_kept_to_the_byte(name, kind):
    assert fluid.Program.parse_from_string(saved(name, kind)).desc.serialize_to_string() == saved(name, kind)
