import onnxProto from 'onnx-proto';
import type { TensorManifest } from '../contract/bundle-manifest.ts';
import { toHalf } from './float16.ts';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;

/** Version of ONNX's operators (opset) and of its file format (IR) that the graphs are written for. */
const OPSET = 17;
const IR_VERSION = 8;

/** Number type of a graph's weights and inner values; inputs and outputs are float32 in both. */
export type Precision = 'float32' | 'float16';

/** Name of a tensor inside a graph. */
export type Value = string;

type Attribute = number | string | readonly number[] | { readonly float: number };

/**
 * Writes one ONNX graph, node by node, in order of execution. Values are named after their operator and a running
 * number, or as the caller says. Every method that adds a node gives the name of its result.
 */
export class GraphBuilder {
  readonly precision: Precision;
  readonly #name: string;
  readonly #nodes: InstanceType<typeof onnx.NodeProto>[] = [];
  readonly #initializers = new Map<string, InstanceType<typeof onnx.TensorProto>>();
  readonly #inputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  readonly #outputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  #count = 0;

  constructor(name: string, precision: Precision) {
    this.#name = name;
    this.precision = precision;
  }

  /** A float32 input of the graph. */
  input(name: string, shape: readonly number[]): Value {
    this.#inputs.push(floatInfo(name, shape));
    return name;
  }

  /** Makes a float32 value an output of the graph, under a name of its own unless it has that name already. */
  output(name: string, shape: readonly number[], value: Value): void {
    if (value !== name) this.op('Identity', [value], {}, name);
    this.#outputs.push(floatInfo(name, shape));
  }

  /** Weights, stored in the graph's number type; the same ones, asked for again, are stored once. */
  weights(name: string, shape: readonly number[], values: Float32Array): Value {
    if (this.precision === 'float32') return this.#initializer(name, shape, DataType.FLOAT, bytesOf(values));
    const halves = Uint16Array.from(values, toHalf);
    return this.#initializer(name, shape, DataType.FLOAT16, bytesOf(halves));
  }

  /** A float32 constant, for the geometry that float16 is too coarse for. */
  floats(shape: readonly number[], values: readonly number[]): Value {
    const isScalar = values.length === 1 && shape.length === 1;
    const name = isScalar ? `float_${values[0]}` : `floats_${this.#initializers.size}`;
    if (this.#initializers.has(name)) return name;
    return this.#initializer(name, shape, DataType.FLOAT, bytesOf(Float32Array.from(values)));
  }

  /** An int64 list (axes, shapes, indices); equal lists are stored once. */
  ints(values: readonly number[]): Value {
    const isShort = values.length <= 24;
    const name = isShort ? `ints_${values.join('_').replaceAll('-', 'm')}` : `table_${this.#initializers.size}`;
    if (this.#initializers.has(name)) return name;
    const data = BigInt64Array.from(values, BigInt);
    return this.#initializer(name, [values.length], DataType.INT64, bytesOf(data));
  }

  /** The value in the graph's number type. */
  toPrecision(value: Value): Value {
    return this.precision === 'float32' ? value : this.op('Cast', [value], { to: DataType.FLOAT16 });
  }

  /** The value in float32. @param value of the graph's number type */
  toFloat(value: Value, name?: string): Value {
    if (this.precision === 'float16') return this.op('Cast', [value], { to: DataType.FLOAT }, name);
    return name === undefined ? value : this.op('Identity', [value], {}, name);
  }

  /** A float32 value as int64, cut off towards zero. */
  toIndex(value: Value): Value {
    return this.op('Cast', [value], { to: DataType.INT64 });
  }

  /** One node with one result. @param attributes whole numbers become ints, `{ float }` floats */
  op(type: string, inputs: readonly Value[], attributes: Record<string, Attribute> = {}, name?: string): Value {
    this.#count += 1;
    const output = name ?? `${type.toLowerCase()}_${this.#count}`;
    this.#nodes.push(
      onnx.NodeProto.create({
        opType: type,
        name: `${type}_${this.#count}`,
        input: [...inputs],
        output: [output],
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    );
    return output;
  }

  /** The sum of values of one shape, two by two, which ONNX Runtime does faster than all at once. */
  sum(values: readonly Value[], name?: string): Value {
    return values.reduce((total, value, index) =>
      this.op('Add', [total, value], {}, index === values.length - 1 ? name : undefined),
    );
  }

  /** Elements `starts` to `ends` (exclusive) along some axes. */
  slice(value: Value, axes: readonly number[], starts: readonly number[], ends: readonly number[]): Value {
    return this.op('Slice', [value, this.ints(starts), this.ints(ends), this.ints(axes)]);
  }

  reshape(value: Value, shape: readonly number[], name?: string): Value {
    return this.op('Reshape', [value, this.ints(shape)], {}, name);
  }

  transpose(value: Value, perm: readonly number[], name?: string): Value {
    return this.op('Transpose', [value], { perm }, name);
  }

  /** Zeros around a value: all leading counts, then all trailing ones. */
  pad(value: Value, pads: readonly number[]): Value {
    return this.op('Pad', [value, this.ints(pads)], { mode: 'constant' });
  }

  /** The finished model file. @param documentation goes into the file's doc string */
  toBytes(documentation: string): Uint8Array {
    const model = onnx.ModelProto.create({
      irVersion: IR_VERSION,
      producerName: 'seamline',
      docString: documentation,
      opsetImport: [{ domain: '', version: OPSET }],
      graph: onnx.GraphProto.create({
        name: this.#name,
        node: this.#nodes,
        initializer: [...this.#initializers.values()],
        input: this.#inputs,
        output: this.#outputs,
      }),
    });
    return onnx.ModelProto.encode(model).finish();
  }

  #initializer(name: string, dims: readonly number[], dataType: number, rawData: Uint8Array): Value {
    const known = this.#initializers.get(name)?.rawData;
    if (known !== undefined) {
      if (Buffer.compare(known, rawData) === 0) return name;
      throw new Error(`two initializers ${name} in graph ${this.#name}`);
    }
    this.#initializers.set(name, onnx.TensorProto.create({ name, dims: [...dims], dataType, rawData }));
    return name;
  }
}

// ONNX stores raw numbers in little endian, which is also the order of every processor that ONNX Runtime supports.
function bytesOf(values: Float32Array | Uint16Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function floatInfo(name: string, shape: readonly number[]): InstanceType<typeof onnx.ValueInfoProto> {
  return onnx.ValueInfoProto.create({
    name,
    type: { tensorType: { elemType: DataType.FLOAT, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  });
}

function attribute(name: string, value: Attribute): InstanceType<typeof onnx.AttributeProto> {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === 'number') return onnx.AttributeProto.create({ name, type: AttributeType.INT, i: value });
  if (typeof value === 'string') {
    return onnx.AttributeProto.create({ name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if ('float' in value) return onnx.AttributeProto.create({ name, type: AttributeType.FLOAT, f: value.float });
  return onnx.AttributeProto.create({ name, type: AttributeType.INTS, ints: [...value] });
}

/**
 * The debug build of a graph: the same nodes, with inner values as further float32 outputs, `NAME_output`.
 * @param model an ONNX file of this builder
 * @param values inner values that the file has, with their shapes
 */
export function withProbes(model: Uint8Array, values: readonly TensorManifest[]): Uint8Array {
  const decoded = onnx.ModelProto.decode(model);
  const graph = decoded.graph;
  if (graph?.node == null || graph.output == null) throw new Error('a model without a graph');
  for (const { name, shape } of values) {
    const probe = probeOutput(name);
    const to = attribute('to', DataType.FLOAT);
    graph.node.push({ opType: 'Cast', name: probe, input: [name], output: [probe], attribute: [to] });
    graph.output.push(floatInfo(probe, shape));
  }
  return onnx.ModelProto.encode(decoded).finish();
}

/** Name of the output of a debug build that holds an inner value. */
export function probeOutput(name: string): string {
  return `${name}_output`;
}
