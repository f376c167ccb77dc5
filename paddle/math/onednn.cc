#include "paddle/math/onednn.h"

#include <omp.h>

#include "paddle/base/errors.h"

namespace paddle::onednn {

// Never destroyed: memory objects may outlive static destruction.
const dnnl::engine& Engine() {
  static const auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl::primitive_attr UserScratch() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

dnnl::memory::desc Plain(const dnnl::memory::dims& dims) {
  dnnl::memory::dims strides(dims.size());
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return Strided(dims, strides);
}

dnnl::memory::desc Strided(const dnnl::memory::dims& dims, const dnnl::memory::dims& strides,
                           dnnl::memory::data_type type) {
  return dnnl::memory::desc(dims, type, strides);
}

ThreadsAtCreation::ThreadsAtCreation(int threads) : saved_(omp_get_max_threads()) { omp_set_num_threads(threads); }
ThreadsAtCreation::~ThreadsAtCreation() { omp_set_num_threads(saved_); }

Call::Call(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad,
           std::initializer_list<std::pair<int, dnnl::memory::desc>> args)
    : primitive_(std::move(primitive)), stream_(Engine()), scratch_bytes_(scratchpad.get_size()) {
  const auto add = [&](int arg, const dnnl::memory::desc& desc) {
    memories_.push_back(dnnl::memory(desc, Engine(), nullptr));
    args_.push_back({arg, memories_.back().get()});
  };
  for (const auto& [arg, desc] : args) add(arg, desc);
  add(DNNL_ARG_SCRATCHPAD, scratchpad);
}

void Call::Run(std::initializer_list<const void*> data, std::byte* scratch) {
  Ensure(data.size() + 1 == memories_.size(), "a oneDNN primitive of ", memories_.size() - 1, " arguments got ",
         data.size());
  size_t i = 0;
  for (const void* pointer : data) memories_[i++].set_data_handle(const_cast<void*>(pointer));
  memories_.back().set_data_handle(scratch_bytes_ ? scratch : nullptr);
  const dnnl_status_t status =
      dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(args_.size()), args_.data());
  Ensure(status == dnnl_success, "oneDNN failed with status ", static_cast<int>(status));
}

PackedWeight::PackedWeight(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted)
    : plain_(plain), wanted_(wanted) {
  for (const auto* desc : {&plain_, &wanted_})
    form_.append(reinterpret_cast<const char*>(&desc->data), sizeof(desc->data));
}

BufferPtr PackedWeight::Of(const Tensor& weight) const {
  const auto make = [&] {
    BufferPtr packed = SystemAllocator().Allocate(wanted_.get_size());
    dnnl::memory from(plain_, Engine(), const_cast<std::byte*>(weight.raw())), to(wanted_, Engine(), packed->data());
    dnnl::stream stream(Engine());
    dnnl::reorder(from, to).execute(stream, from, to);
    return packed;
  };
  if (weight.offset() == 0) return weight.buffer()->Packed(form_, make);
  return weight.buffer()->Packed(form_ + std::to_string(weight.offset()), make);
}

}  // namespace paddle::onednn
