// Prints a tensor whenever it is computed.

#include <atomic>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <sstream>

#include "paddle/op/registry.h"

namespace paddle {
namespace {

struct PrintAttrs {
  int32_t first_n = -1;
  std::string message;
  int32_t summarize = 20;
  bool print_tensor_name = true, print_tensor_type = true, print_tensor_shape = true, print_tensor_lod = true;
  std::string print_phase = "BOTH";
  bool is_forward = true;
  // How often this op of a plan has printed. It is not the frame's: the iterations of a loop share it, and it goes on
  // when the shape changes.
  std::shared_ptr<std::atomic<int64_t>> printed = std::make_shared<std::atomic<int64_t>>(0);

  static auto Fields() {
    using A = PrintAttrs;
    constexpr Presence kRequired = Presence::kRequired;
    return std::tuple{
        Field{"first_n", &A::first_n, "Print so many times only; 0 or less: always.", kRequired},
        Field{"message", &A::message, "Comes before.", kRequired},
        Field{"summarize", &A::summarize, "Print so many elements; less than 0: all.", kRequired},
        Field{"print_tensor_name", &A::print_tensor_name, "Whether the variable's name is printed.", kRequired},
        Field{"print_tensor_type", &A::print_tensor_type, "Whether its element type is printed.", kRequired},
        Field{"print_tensor_shape", &A::print_tensor_shape, "Whether its shape is printed.", kRequired},
        Field{"print_tensor_lod", &A::print_tensor_lod, "Whether its LoD is printed, where it has one.", kRequired},
        Field{"print_phase", &A::print_phase, "FORWARD: the tensor; BACKWARD: its gradient; BOTH."},
        Field{"is_forward", &A::is_forward, "False for the op that prints the gradient."}};
  }
};

void Infer(const PrintAttrs& attrs, InferContext& context) {
  Require(attrs.print_phase == "FORWARD" || attrs.print_phase == "BACKWARD" || attrs.print_phase == "BOTH",
          "print_phase is \"", attrs.print_phase, "\"; expected FORWARD, BACKWARD or BOTH");
  context.CopyMeta("In", "Out");
}

void PrintElements(std::ostream& out, const Tensor& tensor, int64_t count) {
  VisitAny(tensor.dtype(), [&]<class T>() {
    const T* data = tensor.data<T>();
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<T, int8_t> || std::is_same_v<T, uint8_t>)
        out << static_cast<int>(data[i]) << ',';
      else if constexpr (std::is_arithmetic_v<T>)
        out << data[i] << ',';
      else
        out << static_cast<float>(data[i]) << ',';
    }
  });
}

std::string Describe(const PrintAttrs& attrs, const std::string& name, const Tensor& tensor) {
  std::ostringstream out;
  out << std::time(nullptr) << '\t' << attrs.message << "\tThe place is:CPUPlace\n";
  if (attrs.print_tensor_name) out << "Tensor[" << name << "]\n";
  if (attrs.print_tensor_shape) {
    out << "\tshape: [";
    for (const int64_t size : tensor.dims()) out << size << ',';
    out << "]\n";
  }
  if (attrs.print_tensor_type) out << "\tdtype: " << tensor.dtype() << '\n';
  if (attrs.print_tensor_lod && !tensor.lod().empty()) {
    out << "\tLoD: [";
    for (int level = 0; level < tensor.lod().levels(); ++level) {
      out << "[ ";
      const char* comma = "";
      for (const auto offset : tensor.lod().offsets(level)) out << std::exchange(comma, ",") << offset;
      out << ", ]";
    }
    out << "]\n";
  }
  out << "\tdata: ";
  PrintElements(out, tensor, attrs.summarize < 0 ? tensor.numel() : std::min<int64_t>(attrs.summarize, tensor.numel()));
  out << '\n';
  return std::move(out).str();
}

void Print(const CpuContext&, const PrintAttrs& attrs, const OpDesc& op, const Tensor& in, Tensor& out) {
  if (in.bytes() && out.mutable_raw() != in.raw()) std::memcpy(out.mutable_raw(), in.raw(), in.bytes());
  if (attrs.print_phase == (attrs.is_forward ? "BACKWARD" : "FORWARD")) return;
  if (attrs.first_n > 0 && attrs.printed->fetch_add(1) >= attrs.first_n) return;
  const std::string text = Describe(attrs, op.Input("In")[0], in);
  std::fwrite(text.data(), 1, text.size(), stdout);  // at once: other threads may print too
  std::fflush(stdout);
}

void Grad(const PrintAttrs& attrs, GradContext& context) {
  PrintAttrs backward = attrs;
  backward.is_forward = false;
  OpDesc& op = context.Emit("print", backward);
  op.SetInput("In", context.OutGrad("Out"));
  op.SetOutput("Out", context.InGrad("In"));
}

[[maybe_unused]] const Registered kOps[] = {
    RegisterOp<PrintAttrs>({.name = "print",
                            .doc = "Out = In, which is printed to the standard output.",
                            .inputs = {{"In", "Tensor of any shape."}},
                            .outputs = {{"Out", "The same."}},
                            .infer = Infer,
                            .grad = Grad,
                            .may_share = {{"Out", "In"}},
                            .traits = kEffect | kHost}),
    RegisterKernel("print", Print),
};

}  // namespace
}  // namespace paddle
