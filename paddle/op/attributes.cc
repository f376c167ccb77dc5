#include "paddle/op/attributes.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "paddle/program/short_text.h"

namespace paddle {
namespace {

template <class To, class From>
std::vector<To> ConvertList(const std::vector<From>& from) {
  std::vector<To> to;
  for (const auto value : from) {
    Require(static_cast<int64_t>(static_cast<To>(value)) == static_cast<int64_t>(value), "the value ", value,
            " does not fit");
    to.push_back(static_cast<To>(value));
  }
  return to;
}

bool IsEmptyList(const AttrValue& value) {
  return std::visit(
      [](const auto& held) {
        if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(held)>, std::string> && requires { held.empty(); })
          return held.empty();
        else
          return false;
      },
      value);
}

AttrValue EmptyList(AttrType to) {
  switch (to) {
    case AttrType::kInts:
      return std::vector<int32_t>{};
    case AttrType::kFloats:
      return std::vector<float>{};
    case AttrType::kStrings:
      return std::vector<std::string>{};
    case AttrType::kBools:
      return std::vector<bool>{};
    case AttrType::kBlocks:
      return std::vector<BlockRef>{};
    case AttrType::kLongs:
      return std::vector<int64_t>{};
    case AttrType::kDoubles:
      return std::vector<double>{};
    default:
      throw InvalidArgument("no list");
  }
}

bool IsList(AttrType type) {
  return type == AttrType::kInts || type == AttrType::kFloats || type == AttrType::kStrings ||
         type == AttrType::kBools || type == AttrType::kBlocks || type == AttrType::kLongs ||
         type == AttrType::kDoubles;
}

template <class To>
std::optional<To> Number(const AttrValue& value) {
  if (const auto* i = std::get_if<int32_t>(&value)) return static_cast<To>(*i);
  if (const auto* l = std::get_if<int64_t>(&value)) {
    if constexpr (std::is_integral_v<To>)
      Require(static_cast<int64_t>(static_cast<To>(*l)) == *l, "the value ", *l, " does not fit");
    return static_cast<To>(*l);
  }
  if (const auto* b = std::get_if<bool>(&value); b && std::is_integral_v<To>) return static_cast<To>(*b);
  return std::nullopt;
}

}  // namespace

AttrValue ConvertAttr(const AttrValue& value, AttrType to) {
  if (TypeOf(value) == to) return value;
  if (IsList(to) && IsEmptyList(value)) return EmptyList(to);
  switch (to) {
    case AttrType::kInt:
      if (const auto number = Number<int32_t>(value)) return *number;
      break;
    case AttrType::kLong:
      if (const auto number = Number<int64_t>(value)) return *number;
      break;
    case AttrType::kFloat:
      if (const auto number = Number<float>(value)) return *number;
      break;
    case AttrType::kBool:
      if (const auto number = Number<int64_t>(value); number && (*number == 0 || *number == 1)) return *number == 1;
      break;
    case AttrType::kInts:
      if (const auto* longs = std::get_if<std::vector<int64_t>>(&value)) return ConvertList<int32_t>(*longs);
      break;
    case AttrType::kLongs:
      if (const auto* ints = std::get_if<std::vector<int32_t>>(&value)) return ConvertList<int64_t>(*ints);
      break;
    case AttrType::kFloats:
      if (const auto* ints = std::get_if<std::vector<int32_t>>(&value))
        return std::vector<float>(ints->begin(), ints->end());
      break;
    default:
      break;
  }
  throw InvalidArgument(StrCat("expected ", NameOf(to), ", got ", NameOf(TypeOf(value)), ' ', ToShortText(value)));
}

namespace {

// Name and the value that changes nothing; no value: any value changes nothing.
const std::map<std::string, std::optional<AttrValue>, std::less<>>& ForeignAttrs() {
  static const std::map<std::string, std::optional<AttrValue>, std::less<>> kTable = {
      {"use_cudnn", {}},
      {"use_mkldnn", {}},
      {"use_quantizer", false},
      {"fused_reshape_Out", std::vector<int32_t>{}},
      {"fused_transpose_Out", std::vector<int32_t>{}},
      {"@ALL_KERNELS_MUST_COMPUTE_RUNTIME_SHAPE@", {}},
      {"mkldnn_data_type", {}},
      {"workspace_size_MB", {}},
      {"exhaustive_search", {}},
      {"use_addto", {}},
      {"is_test_mkldnn", {}},
      {"with_quant_attr", false},
      {"use_global_beta_pow", false},
      {"multi_precision", false},
      {"place_type", {}},
      {"fp64_values", std::vector<double>{}},
      {"fuse_relu", false},
      {"fuse_brelu", false},
      {"fuse_brelu_threshold", {}},
      {"fuse_activation", std::string()},
      {"fuse_alpha", {}},
      {"fuse_beta", {}},
      {"fuse_with_relu", false},
      {"fuse_relu_before_depthwise_conv", false},
      {"fuse_residual_connection", false},
      {"force_fp32_output", {}},
      {"Scale_in", 1.0f},
      {"Scale_out", 1.0f},
      {"Scale_x", 1.0f},
      {"Scale_y", 1.0f},
      {"scale_x", 1.0f},
      {"scale_y", std::vector<float>{1.0f}},
      {"scale_out", 1.0f},
      {"Scale_in_eltwise", 1.0f},
      {"Scale_weights", std::vector<float>{1.0f}},
      {"x_data_format", {}},
      {"y_data_format", {}},
      {"op_version", {}},
  };
  return kTable;
}

}  // namespace

bool CheckForeignAttr(std::string_view name, const AttrValue& value) {
  const auto found = ForeignAttrs().find(name);
  if (found == ForeignAttrs().end()) return false;
  const auto& neutral = found->second;
  if (!neutral || value == *neutral || (IsEmptyList(value) && IsList(TypeOf(*neutral)))) return true;
  throw Unimplemented(StrCat("attribute '", name, "' is ", ToShortText(value), "; only its neutral value ",
                             ToText(*neutral), " is supported"));
}

namespace internal {

void CheckAttrNames(const OpDesc& op, const std::vector<AttrSpec>& specs) {
  for (const auto& [name, value] : op.attrs()) {
    const bool known = std::any_of(specs.begin(), specs.end(), [&](const AttrSpec& spec) { return spec.name == name; });
    if (known || IsCommonAttr(name) || CheckForeignAttr(name, value)) continue;
    std::string names;
    for (const auto& spec : specs) names += (names.empty() ? "" : ", ") + std::string(spec.name);
    throw InvalidArgument(
        StrCat("op '", op.type(), "' has no attribute '", name, "'; it has: ", names.empty() ? "none" : names));
  }
  for (const auto& spec : specs)
    Require(!spec.required || op.FindAttr(spec.name), "op '", op.type(), "' needs the attribute '", spec.name, "' (",
            NameOf(spec.type), ": ", spec.doc, ")");
}

void ThrowAttr(const OpDesc& op, std::string_view name, const std::exception& error) {
  throw InvalidArgument(StrCat("attribute '", name, "' of op '", op.type(), "': ", error.what()));
}

}  // namespace internal
}  // namespace paddle
