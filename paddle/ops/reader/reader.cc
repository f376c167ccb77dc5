// Batches from a Python thread, by way of a queue in the scope.

#include "paddle/op/registry.h"
#include "paddle/tensor/blocking_queue.h"

namespace paddle {
namespace {

using QueuePtr = std::shared_ptr<BlockingQueue>;

struct PyReaderAttrs {
  std::vector<int32_t> shape_concat, ranks, lod_levels, dtypes, need_check_feed;
  bool use_data_config = true;
  int32_t device_index = 0, device_count = 1;
  static auto Fields() {
    using A = PyReaderAttrs;
    return std::tuple{
        Field{"shape_concat", &A::shape_concat, "The shapes of all variables, one after another.", Presence::kRequired},
        Field{"ranks", &A::ranks, "How many sizes of shape_concat belong to each variable.", Presence::kRequired},
        Field{"lod_levels", &A::lod_levels, "LoD levels, one a variable.", Presence::kRequired},
        Field{"dtypes", &A::dtypes, "Element types, one a variable.", Presence::kRequired},
        Field{"need_check_feed", &A::need_check_feed, "Whether a variable's batches are checked, one a variable.",
              Presence::kRequired},
        Field{"use_data_config", &A::use_data_config, "Read from old programs; without meaning here."},
        Field{"device_index", &A::device_index, "Which of device_count devices reads."},
        Field{"device_count", &A::device_count, "Number of devices that share the queue."}};
  }
};

struct BufferAttrs {
  std::string place = "AUTO";
  static auto Fields() {
    return std::tuple{Field{"place", &BufferAttrs::place, "Where the batches should be: AUTO, CPU, CUDA:k."}};
  }
};

struct ReadAttrs {
  bool throw_eof_exp = true, infer_out = true, drop_last = true;
  static auto Fields() {
    return std::tuple{
        Field{"throw_eof_exp", &ReadAttrs::throw_eof_exp,
              "At the end: raise EOFException (else hand out empty tensors)."},
        Field{"infer_out", &ReadAttrs::infer_out, "Read from old programs; without meaning here."},
        Field{"drop_last", &ReadAttrs::drop_last, "With several devices, drop a last batch that not all get."}};
  }
};

const QueuePtr& QueueOf(const Opaque& held) {
  const auto* queue = std::any_cast<QueuePtr>(&held.value);
  Require(queue && *queue, "the reader variable holds no queue; run the startup program and start the reader first");
  return *queue;
}

void InferPyReader(const PyReaderAttrs& attrs, InferContext&) {
  const size_t count = attrs.ranks.size();
  Require(attrs.lod_levels.size() == count && attrs.dtypes.size() == count && attrs.need_check_feed.size() == count,
          "ranks, lod_levels, dtypes and need_check_feed must have as many entries");
}

void CreatePyReader(const CpuContext&, const PyReaderAttrs&, const Opaque& queue, Span<Opaque> readers) {
  for (Opaque* reader : readers) reader->value = QueueOf(queue);
}

template <class Attrs>
void InferNothing(const Attrs&, InferContext&) {}

void CreateDoubleBuffer(const CpuContext&, const BufferAttrs& attrs, const Opaque& reader, Opaque& out) {
  Require(attrs.place == "AUTO" || attrs.place == "CPU", "place is '", attrs.place, "'; this device has AUTO and CPU");
  out.value = QueueOf(reader);  // the queue itself is the buffer on the CPU: its writer is a thread of its own
}

void Read(const CpuContext&, const ReadAttrs& attrs, const Opaque& reader, Span<Tensor> outs) {
  const QueuePtr queue = QueueOf(reader);  // counted: the variable may get another queue while this one waits
  auto batch = queue->Pop();
  if (!batch) {
    if (attrs.throw_eof_exp)
      throw EndOfFile("the reader has no more data; reset it and start it again for the next epoch");
    for (Tensor* out : outs)
      if (out) *out = Tensor({0}, out->dtype());
    return;
  }
  Require(batch->size() == outs.size(), "the reader handed out ", batch->size(), " tensors, but the program reads ",
          outs.size());
  for (size_t i = 0; i < outs.size(); ++i)
    if (outs[i]) outs[i]->ShareFrom((*batch)[i]);
}

const Registered kPyReader = RegisterOp<PyReaderAttrs>({
    .name = "create_py_reader",
    .doc = "Makes a reader of a queue that Python fills.",
    .inputs = {{"blocking_queue", "The queue."}},
    .outputs = {{"Out", "The reader.", kRepeated}},
    .infer = InferPyReader,
    .traits = kHost | kEffect,
});
const Registered kPyReaderCpu = RegisterKernel("create_py_reader", CreatePyReader);

const Registered kBuffer = RegisterOp<BufferAttrs>({
    .name = "create_double_buffer_reader",
    .doc = "A reader that has the next batch ready while one is worked on.",
    .inputs = {{"UnderlyingReader", "The reader that it reads ahead of."}},
    .outputs = {{"Out", "The reader."}},
    .infer = InferNothing<BufferAttrs>,
    .traits = kHost | kEffect,
});
const Registered kBufferCpu = RegisterKernel("create_double_buffer_reader", CreateDoubleBuffer);

const Registered kRead = RegisterOp<ReadAttrs>({
    .name = "read",
    .doc = "Takes the next batch of a reader. At the end of the data it raises EOFException.",
    .inputs = {{"Reader", "The reader."}},
    .outputs = {{"Out", "One variable a tensor of the batch.", kRepeated | kDynamic}},
    .infer = InferNothing<ReadAttrs>,
    .traits = kHost | kEffect,
});
const Registered kReadCpu = RegisterKernel("read", Read);

}  // namespace
}  // namespace paddle
