"""ONNX graphs of a tagger, for who has no PyTorch: encoder, decoder and sentence encoder.

transformers.js loads the first two as they are: names of files, inputs and outputs are those that
it knows. The decoder is one graph for the first step and all others: what cross-attention makes of
the encoder's states is computed when none is passed in (``past_key_values.*.encoder.*`` of length
0) and handed on otherwise. Exported with ``torch.onnx.export(dynamo=True)``: the older exporter
gets the past silently wrong.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import torch
from onnx import helper
from transformers import AutoModel, AutoModelForSeq2SeqLM
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

OPSET = 18
MOST = 8192
"""Bound of a dynamic axis; the exporter wants one."""
PARTS = ("key", "value")
AXES = ("batch_size", "encoder_sequence_length", "decoder_sequence_length", "past_sequence_length")
"""Of the first transformers.js knows the name; an axis by any other is 0 in what it hands in as the
past before the first step."""


class _Encoder(torch.nn.Module):
    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        return states


class _CrossKeys(torch.nn.Module):
    """What each layer's cross-attention makes of the encoder's states: key and value a layer."""

    def __init__(self, layers: Any) -> None:
        super().__init__()
        self.attentions = torch.nn.ModuleList(layer.encoder_attn for layer in layers)

    def forward(self, encoder_hidden_states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        batch, length, _ = encoder_hidden_states.shape
        parts: list[Any] = [
            (part, attention)
            for attention in self.attentions.children()
            for part in (attention.k_proj, attention.v_proj)
        ]
        return tuple(
            part(encoder_hidden_states)
            .view(batch, length, attention.num_heads, attention.head_dim)
            .transpose(1, 2)
            for part, attention in parts
        )


class _Decoder(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.attentions: list[torch.Tensor] = []
        for layer in model.model.decoder.layers:
            layer.encoder_attn.register_forward_hook(
                lambda _, __, output: self.attentions.append(output[1])
            )

    def forward(
        self,
        input_ids: torch.Tensor,
        encoder_attention_mask: torch.Tensor,
        own: tuple[torch.Tensor, ...],
        cross: tuple[torch.Tensor, ...],
    ) -> tuple[torch.Tensor, ...]:
        cache = EncoderDecoderCache(DynamicCache(_pairs(own)), DynamicCache(_pairs(cross)))
        cache.is_updated = dict.fromkeys(range(len(cross) // 2), True)
        self.attentions.clear()
        output = self.model.model.decoder(
            input_ids=input_ids,
            encoder_attention_mask=encoder_attention_mask,
            # Of these only the shape is asked: keys and values are there.
            encoder_hidden_states=cross[0].transpose(1, 2).flatten(2),
            past_key_values=cache,
            use_cache=True,
        )
        logits = self.model.lm_head(output.last_hidden_state) + self.model.final_logits_bias
        layers = output.past_key_values.self_attention_cache.layers
        present = [part for layer in layers for part in (layer.keys, layer.values)]
        return logits, *present, *self.attentions


def _pairs(flat: Sequence[torch.Tensor]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(flat[at], flat[at + 1]) for at in range(0, len(flat), 2)]


def export_tagger(model_dir: Path) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Returns encoder and decoder of a BART, in float32."""
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(
        model_dir, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    config, layers = model.config, model.model.decoder.layers
    heads = config.decoder_attention_heads
    size = config.d_model // heads
    ids, mask = torch.randint(5, config.vocab_size, (2, 20)), torch.ones(2, 20, dtype=torch.int64)
    mask[1, 15:] = 0
    batch, read, written, past = _axes(*AXES)
    encoder = _exported(
        _Encoder(model.model.encoder),
        {"input_ids": (ids, {0: batch, 1: read}), "attention_mask": (mask, {0: batch, 1: read})},
        ["last_hidden_state"],
    )
    states = torch.randn(2, 20, config.d_model)
    names = [
        f"{layer}.{side}.{part}"
        for layer in range(len(layers))
        for side in _SIDES
        for part in PARTS
    ]
    own = [f"past_key_values.{name}" for name in names if "decoder" in name]
    cross = [f"past_key_values.{name}" for name in names if "encoder" in name]
    keys = _exported(
        _CrossKeys(layers),
        {"encoder_hidden_states": (states, {0: batch, 1: read})},
        [_present(name) for name in cross],
    )
    decoder = _exported(
        _Decoder(model),
        {
            "input_ids": (ids[:, :3], {0: batch, 1: written}),
            "encoder_attention_mask": (mask, {0: batch, 1: read}),
            "own": (
                tuple(torch.randn(2, heads, 5, size) for _ in own),
                tuple({0: batch, 2: past} for _ in own),
            ),
            "cross": (
                tuple(torch.randn(2, heads, 20, size) for _ in cross),
                tuple({0: batch, 2: read} for _ in cross),
            ),
        },
        ["logits", *map(_present, own), *(f"cross_attentions.{i}" for i in range(len(layers)))],
        ["input_ids", "encoder_attention_mask", *own, *map(_present, cross)],
    )
    return encoder, _merged(decoder, keys, cross)


_SIDES = ("decoder", "encoder")


def _present(name: str) -> str:
    return name.replace("past_key_values", "present")


def export_sentence_encoder(folder: Path) -> onnx.ModelProto:
    """Returns a BERT's graph: token ids and mask to last hidden states, in float32."""
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    ids, mask = torch.randint(5, 1000, (2, 20)), torch.ones(2, 20, dtype=torch.int64)
    mask[1, 15:] = 0
    batch, read = _axes(AXES[0], "sequence")
    return _exported(
        _Encoder(model.eval()),
        {"input_ids": (ids, {0: batch, 1: read}), "attention_mask": (mask, {0: batch, 1: read})},
        ["last_hidden_state"],
    )


def _axes(*names: str) -> list[Any]:
    return [torch.export.Dim(name, min=1, max=MOST) for name in names]


def _exported(
    module: torch.nn.Module,
    inputs: Mapping[str, tuple[Any, Any]],
    outputs: list[str],
    names: list[str] | None = None,
) -> onnx.ModelProto:
    """Exports a module.

    Args:
        module: Takes the inputs in their order.
        inputs: An example of each, and its dynamic axes.
        outputs: Names.
        names: Of the inputs, one by one, where some are tuples.
    """
    examples = tuple(example for example, _ in inputs.values())
    axes = tuple(axes for _, axes in inputs.values())
    with (
        TemporaryDirectory() as folder,
        torch.no_grad(),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),  # the exporter tells its steps
    ):
        warnings.simplefilter("ignore")
        file = Path(folder) / "model.onnx"
        torch.onnx.export(
            module,
            examples,
            str(file),
            input_names=names or list(inputs),
            output_names=outputs,
            dynamic_shapes=axes,
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
        )
        return onnx.load(str(file))


def _merged(
    decoder: onnx.ModelProto, keys: onnx.ModelProto, cross: Sequence[str]
) -> onnx.ModelProto:
    """Lets the decoder compute the cross-attention's keys and values where none are passed in."""
    graph, first = decoder.graph, keys.graph
    _rename(first, "cross/", keep={"encoder_hidden_states", *map(_present, cross)})
    given = {value.name: value for value in graph.input}
    past = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, _shape(given[_present(name)]))
        for name in cross
    ]
    states = first.input[0]
    kept = [value for value in graph.input if value.name not in set(map(_present, cross))]
    nodes = [
        helper.make_node("Shape", [cross[0]], ["cross/past_length"], start=2, end=3),
        helper.make_node("Squeeze", ["cross/past_length"], ["cross/past_scalar"]),
        helper.make_node(
            "Cast", ["cross/past_scalar"], ["cross/is_past"], to=onnx.TensorProto.BOOL
        ),
    ]
    then = [
        helper.make_node("Identity", [name], [f"cross/then/{_present(name)}"]) for name in cross
    ]
    otherwise = [
        helper.make_node("Identity", [_present(name)], [f"cross/else/{_present(name)}"])
        for name in cross
    ]
    branches = {}
    for branch, inside in (("then", then), ("else", [*first.node, *otherwise])):
        outputs = [
            helper.make_tensor_value_info(
                f"cross/{branch}/{_present(name)}", onnx.TensorProto.FLOAT, None
            )
            for name in cross
        ]
        branches[f"{branch}_branch"] = helper.make_graph(inside, branch, [], outputs)
    for node in branches["else_branch"].node:  # their own names stand outside
        for outputs in (node.input, node.output):
            for at, name in enumerate(outputs):
                if name in set(map(_present, cross)):
                    outputs[at] = f"cross/computed/{name}"
    nodes.append(
        helper.make_node("If", ["cross/is_past"], [_present(n) for n in cross], **branches)
    )
    nodes += graph.node
    graph.initializer.extend(first.initializer)
    del graph.node[:], graph.input[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.input.extend([*kept, states, *past])
    graph.output.extend(
        helper.make_tensor_value_info(_present(name), onnx.TensorProto.FLOAT, _shape(value))
        for name, value in zip(cross, past, strict=True)
    )
    onnx.checker.check_model(decoder)
    return decoder


def _shape(value: onnx.ValueInfoProto) -> list[str | int]:
    dims = value.type.tensor_type.shape.dim
    return [dim.dim_param or dim.dim_value for dim in dims]


def _rename(graph: onnx.GraphProto, prefix: str, keep: set[str]) -> None:
    """Gives all values of a graph a prefix, but for those that another graph knows."""
    for node in graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                if name and name not in keep:
                    names[at] = prefix + name
    for tensor in graph.initializer:
        tensor.name = prefix + tensor.name
