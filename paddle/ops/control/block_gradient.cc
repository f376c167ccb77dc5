#include "paddle/ops/control/block_gradient.h"

#include <algorithm>

#include "paddle/math/add_rows.h"
#include "paddle/ops/control/array.h"

namespace paddle {
namespace {

void CheckOnHost(const Tensor& tensor) {
  if (tensor.initialized() && !tensor.place().is_cpu())
    throw Unimplemented("gradients of blocks are added up on the host only; run this program on the CPU");
}

void CopyOnHost(const CpuContext& cpu, const Tensor& from, Tensor* to) {
  CheckOnHost(from);
  CopyTensor(from, cpu.allocator(), to);
}

void AddOnHost(const Tensor& part, Tensor* total) {
  CheckOnHost(part);
  AddGradient(part, total);
}

}  // namespace

void CopyVariable(const CpuContext& cpu, const Variable& from, Variable* to) {
  if (&from == to) return;
  if (from.holds<Tensor>()) return CopyOnHost(cpu, from.get<Tensor>(), &to->Become<Tensor>());
  if (from.holds<SelectedRows>()) {
    const auto& rows = from.get<SelectedRows>();
    auto& copy = to->Become<SelectedRows>();
    copy.meta = rows.meta;
    copy.rows = rows.rows;
    return CopyOnHost(cpu, rows.value, &copy.value);
  }
  const auto& array = from.get<TensorArray>();
  auto& copy = to->Become<TensorArray>();
  copy.meta = array.meta;
  for (const Tensor& item : array.items) CheckOnHost(item);
  CopyArray(array, cpu.allocator(), &copy);
}

void FillZerosLike(const CpuContext& cpu, const Variable& like, Variable* to) {
  if (like.holds<TensorArray>()) {
    auto& array = to->Become<TensorArray>();
    array.items.assign(like.get<TensorArray>().items.size(), Tensor());
    return;
  }
  Require(like.holds<Tensor>(), "a gradient is asked for of a ", like.kind(), ", which has none");
  if (to->holds<SelectedRows>()) {
    auto& rows = to->get<SelectedRows>();
    rows.meta.dims = like.meta().dims;
    rows.meta.dtype = like.meta().dtype;
    return rows.Allocate(0, cpu.allocator());
  }
  CheckOnHost(like.get<Tensor>());
  ZerosLike(like.meta(), cpu.allocator(), &to->Become<Tensor>());
}

void GradientSum::Add(const Variable* part) {
  if (!part) return;
  if (part->holds<TensorArray>()) {
    AddArray(part->get<TensorArray>());
  } else if (part->holds<SelectedRows>()) {
    AddRows(part->get<SelectedRows>());
  } else if (!started_) {
    CopyVariable(cpu_, *part, &total_);
  } else {
    AddOnHost(part->get<Tensor>(), &total_.get<Tensor>());
  }
  started_ = true;
}

void GradientSum::AddRows(const SelectedRows& part) {
  CheckOnHost(part.value);
  part.CheckRows();
  if (!started_) FillZerosLike(cpu_, like_, &total_);
  if (total_.holds<SelectedRows>()) {
    auto& total = total_.get<SelectedRows>();
    SelectedRows both;
    both.meta = total.meta;
    both.Allocate(static_cast<int64_t>(total.rows.size() + part.rows.size()), cpu_.allocator());
    std::copy(part.rows.begin(), part.rows.end(), std::copy(total.rows.begin(), total.rows.end(), both.rows.begin()));
    std::copy_n(part.value.raw(), part.value.bytes(),
                std::copy_n(total.value.raw(), total.value.bytes(), both.value.mutable_raw()));
    total = std::move(both);
    return;
  }
  Tensor& total = total_.get<Tensor>();
  Require(total.dtype() == part.value.dtype() && total.rank() > 0, "a run of the block computed sparse rows of ",
          part.value.meta(), " for a gradient of ", total.meta());
  const int64_t width = total.dims().Product(1, total.rank());
  Require(part.rows.empty() || part.value.numel() == static_cast<int64_t>(part.rows.size()) * width,
          "a run of the block computed sparse rows of ", part.value.meta(), " for a gradient of ", total.meta());
  VisitNumber(total.dtype(), [&]<class T>() { math::AddRows(part, total.mutable_data<T>(), total.dim(0), width); });
}

void GradientSum::AddArray(const TensorArray& part) {
  auto& total = total_.Become<TensorArray>();
  if (!started_) total.items.clear();
  if (total.items.size() < part.items.size()) total.items.resize(part.items.size());
  for (size_t i = 0; i < part.items.size(); ++i) {
    if (!part.items[i].initialized()) continue;
    if (total.items[i].initialized())
      AddOnHost(part.items[i], &total.items[i]);
    else
      CopyOnHost(cpu_, part.items[i], &total.items[i]);
  }
}

void GradientSum::Finish() {
  if (!started_) FillZerosLike(cpu_, like_, &total_);
}

std::vector<std::string> GradientsAskedFor(const OpDesc& op, std::string_view slot,
                                           const std::vector<std::string>& except) {
  const auto& variables = op.Input(slot);
  const auto& wanted = op.Output(std::string(slot) + std::string(kGradSuffix));
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(variables.size(), wanted.size()); ++i) {
    std::string name = GradName(variables[i]);
    const bool excepted = std::find(except.begin(), except.end(), name) != except.end();
    if (wanted[i] != kEmptyName && !excepted) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace paddle
