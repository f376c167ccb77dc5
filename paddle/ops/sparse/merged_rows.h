#pragma once
// The State of kernels that add up the rows of a SelectedRows by number.

#include "paddle/math/merge_rows.h"
#include "paddle/op/kernel.h"

namespace paddle {

// Keeps the merger's memory from one run to the next.
template <class Attrs>
RowMerger PrepareRows(const CpuContext&, const Attrs&, const OpMetas&) {
  return {};
}

}  // namespace paddle
