#include "paddle/tensor/blocking_queue.h"
#include "python/bindings/interrupt.h"
#include "python/bindings/scope.h"
#include "python/bindings/tensor.h"

namespace paddle::bindings {
namespace {

using QueuePtr = std::shared_ptr<BlockingQueue>;

bool Push(BlockingQueue& self, const py::object& batch) {
  std::vector<Tensor> tensors;
  if (py::isinstance<TensorArrayHandle>(batch)) {
    tensors = batch.cast<const TensorArrayHandle&>().get().items;
  } else {
    for (const auto& tensor : batch) tensors.push_back(tensor.cast<const TensorHandle&>().get());
  }
  const InterruptGuard guard;
  const py::gil_scoped_release release;
  return self.Push(std::move(tensors));
}

py::object Pop(BlockingQueue& self) {
  std::optional<std::vector<Tensor>> batch;
  {
    const InterruptGuard guard;
    const py::gil_scoped_release release;
    batch = self.Pop();
  }
  if (!batch) return py::none();
  return py::cast(NewTensorArray(std::move(*batch)));
}

QueuePtr InitQueue(const VariableHandle& variable, size_t capacity, bool) {
  auto queue = std::make_shared<BlockingQueue>(capacity);
  variable.Become<Opaque>().value = queue;
  return queue;
}

}  // namespace

void BindQueue(py::module_& m) {
  py::class_<BlockingQueue, QueuePtr>(m, "LoDTensorBlockingQueue",
                                      "Batches on their way from a reader thread to a running program.")
      .def("push", Push, py::arg("batch"),
           "Waits while the queue is full. `batch`: LoDTensorArray or list of LoDTensor. False once the queue is "
           "closed.")
      .def("pop", Pop, "The next batch as a LoDTensorArray; None when the queue is closed and empty.")
      .def("size", &BlockingQueue::size)
      .def("capacity", &BlockingQueue::capacity)
      .def("close", &BlockingQueue::Close, py::call_guard<py::gil_scoped_release>())
      .def(
          "kill", [](BlockingQueue& self, const std::string& message) { self.Fail(message); },
          py::arg("message") = "the reader was killed", "The writer broke down: readers raise this text at once.")
      .def("reopen", &BlockingQueue::Reopen)
      .def("is_closed", &BlockingQueue::closed);
  m.def("init_lod_tensor_blocking_queue", InitQueue, py::arg("variable"), py::arg("capacity"),
        py::arg("ordered") = false, "Makes the variable hold a queue and returns it.");
  m.def(
      "make_queue", [](size_t capacity) { return std::make_shared<BlockingQueue>(capacity); }, py::arg("capacity"));
}

}  // namespace paddle::bindings
