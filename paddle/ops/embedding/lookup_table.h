#pragma once
// Attributes of lookup_table and lookup_table_v2.

#include "paddle/op/attributes.h"

namespace paddle {

struct LookupTableAttrs {
  bool is_sparse = false;
  bool is_distributed = false;
  int64_t padding_idx = -1;
  bool grad_inplace = false;
  bool remote_prefetch = false;
  int32_t trainer_id = 0;
  std::vector<int64_t> height_sections;
  std::vector<std::string> epmap;
  std::vector<std::string> table_names;

  static constexpr bool kColumn = true;  // Ids ends in a dimension of 1

  static auto Fields() {
    using A = LookupTableAttrs;
    return std::tuple{
        Field{"is_sparse", &A::is_sparse,
              "Whether the gradient of W is SelectedRows: only the rows that were looked up."},
        Field{"is_distributed", &A::is_distributed,
              "Has no influence here; a mark for programs that split the table over machines."},
        Field{"padding_idx", &A::padding_idx, "The id whose row counts as zeros and gets no gradient; -1: none."},
        Field{"grad_inplace", &A::grad_inplace, "Has no influence: memory is planned by the executor."},
        Field{"remote_prefetch", &A::remote_prefetch, "Whether rows come from the parameter servers in epmap."},
        Field{"trainer_id", &A::trainer_id, "For remote_prefetch."},
        Field{"height_sections", &A::height_sections, "For remote_prefetch."},
        Field{"epmap", &A::epmap, "Addresses of parameter servers; must be empty."},
        Field{"table_names", &A::table_names, "For remote_prefetch."}};
  }
};

struct LookupTableV2Attrs {
  bool is_sparse = false;
  bool is_distributed = false;
  int64_t padding_idx = -1;
  bool remote_prefetch = false;
  int32_t trainer_id = 0;
  std::vector<int64_t> height_sections;
  std::vector<std::string> epmap;
  std::vector<std::string> table_names;

  static constexpr bool kColumn = false;

  static auto Fields() {
    using A = LookupTableV2Attrs;
    return std::tuple{
        Field{"is_sparse", &A::is_sparse,
              "Whether the gradient of W is SelectedRows: only the rows that were looked up."},
        Field{"is_distributed", &A::is_distributed,
              "Has no influence here; a mark for programs that split the table over machines."},
        Field{"padding_idx", &A::padding_idx, "The id whose row counts as zeros and gets no gradient; -1: none."},
        Field{"remote_prefetch", &A::remote_prefetch, "Whether rows come from the parameter servers in epmap."},
        Field{"trainer_id", &A::trainer_id, "For remote_prefetch."},
        Field{"height_sections", &A::height_sections, "For remote_prefetch."},
        Field{"epmap", &A::epmap, "Addresses of parameter servers; must be empty."},
        Field{"table_names", &A::table_names, "For remote_prefetch."}};
  }
};

}  // namespace paddle
