#pragma once
// What every use of oneDNN shares: the engine, and primitives that run over the caller's memory.

#include <cstddef>
#include <dnnl.hpp>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "paddle/tensor/tensor.h"

namespace paddle::onednn {

const dnnl::engine& Engine();

// Attributes that every primitive is made with: its temporary memory comes from the caller.
dnnl::primitive_attr UserScratch();

// float32, dense, row-major sizes.
dnnl::memory::desc Plain(const dnnl::memory::dims& dims);
// The same with the caller's strides, and element type.
dnnl::memory::desc Strided(const dnnl::memory::dims& dims, const dnnl::memory::dims& strides,
                           dnnl::memory::data_type type = dnnl::memory::data_type::f32);

// oneDNN splits a primitive's work for the thread count at its creation: while the object lives, that is `threads`.
class ThreadsAtCreation {
 public:
  explicit ThreadsAtCreation(int threads);
  ~ThreadsAtCreation();
  ThreadsAtCreation(const ThreadsAtCreation&) = delete;
  ThreadsAtCreation& operator=(const ThreadsAtCreation&) = delete;

 private:
  int saved_;
};

// A primitive and the memory objects of its arguments, made once and pointed at the data of each run.
// One run at a time: belongs to the State of one kernel.
class Call {
 public:
  Call() = default;
  // `args`: number (DNNL_ARG_SRC, ...) and layout of each argument; the scratchpad is added.
  Call(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad,
       std::initializer_list<std::pair<int, dnnl::memory::desc>> args);

  explicit operator bool() const { return !memories_.empty(); }
  size_t scratch_bytes() const { return scratch_bytes_; }
  // `data`: one pointer an argument, in the order of `args`; oneDNN writes only to what the primitive writes.
  void Run(std::initializer_list<const void*> data, std::byte* scratch);

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;  // the scratchpad is the last
  std::vector<dnnl_exec_arg_t> args_;
  size_t scratch_bytes_ = 0;
};

// A weight in the layout that a primitive asks for, kept beside the weight and shared by all who ask for the same.
class PackedWeight {
 public:
  PackedWeight() = default;
  // `plain`: the layout of the weight itself.
  PackedWeight(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);

  explicit operator bool() const { return !form_.empty(); }
  // Null where foreign code may write the weight: nobody would know when a copy is stale.
  BufferPtr Of(const Tensor& weight) const;

 private:
  dnnl::memory::desc plain_, wanted_;
  std::string form_;
};

// The Call of a primitive descriptor of type PD whose primitive is of type P.
template <class P, class PD>
Call MakeCall(const PD& pd, std::initializer_list<std::pair<int, dnnl::memory::desc>> args) {
  return Call(P(pd), pd.scratchpad_desc(), args);
}

}  // namespace paddle::onednn
