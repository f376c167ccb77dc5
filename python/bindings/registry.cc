#include "paddle/op/registry.h"

#include "python/bindings/bindings.h"

namespace paddle::bindings {
namespace {

py::object DefaultOf(const AttrSpec& spec) {
  return std::visit(
      [](const auto& value) -> py::object {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, BlockRef> || std::is_same_v<T, std::vector<BlockRef>> || std::is_same_v<T, UnknownAttr>) return py::none();
        else return py::cast(value);
      },
      spec.default_value);
}

py::list Slots(const std::vector<SlotSpec>& slots) {
  py::list out;
  for (const auto& slot : slots) {
    py::dict entry;
    entry["name"] = std::string(slot.name);
    entry["duplicable"] = slot.has(kRepeated);
    entry["dispensable"] = slot.has(kOptional);
    entry["intermediate"] = slot.has(kIntermediate);
    entry["no_gradient"] = slot.has(kNoGradient);
    entry["doc"] = std::string(slot.doc);
    out.append(std::move(entry));
  }
  return out;
}

bool HasGradient(const OpDef& def) { return def.grad || Registry::Get().FindOrNull(std::string(def.name) + "_grad") != nullptr; }

py::dict OpInfo(const std::string& type) {
  const OpDef& def = Registry::Get().Find(type);
  py::dict out;
  out["type"] = type;
  out["doc"] = std::string(def.doc);
  out["inputs"] = Slots(def.inputs);
  out["outputs"] = Slots(def.outputs);
  py::list attrs;
  for (const auto& spec : def.attrs) {
    py::dict entry;
    entry["name"] = std::string(spec.name);
    entry["type"] = static_cast<int>(spec.type);
    entry["default"] = DefaultOf(spec);
    entry["required"] = spec.required;
    entry["doc"] = std::string(spec.doc);
    attrs.append(std::move(entry));
  }
  out["attrs"] = attrs;
  out["has_grad"] = HasGradient(def);
  out["expands"] = static_cast<bool>(def.expand);
  out["io"] = def.has(kIo);
  out["random"] = def.has(kRandom);
  py::set devices;
  for (const auto& kernel : def.kernels) devices.add(py::str(kernel.device == DeviceType::kCpu ? "CPU" : "CUDA"));
  out["devices"] = py::list(devices);
  py::list may_share;
  for (const auto& alias : def.may_share) may_share.append(py::make_tuple(std::string(alias.output), std::string(alias.input)));
  out["may_share"] = may_share;
  return out;
}

}  // namespace

void BindRegistry(py::module_& m) {
  m.def("op_types", [] {
    std::vector<std::string> types;
    for (const auto type : Registry::Get().Types()) types.emplace_back(type);
    return types;
  }, "Types of all ops that exist.");
  m.def("op_info", OpInfo, "What the registry says of one op: slots, attributes, docs, devices.");
  m.def("has_op", [](const std::string& type) { return Registry::Get().FindOrNull(type) != nullptr; });
  m.def("get_all_op_protos", [] {
    py::list out;
    for (const auto type : Registry::Get().Types()) out.append(py::bytes(SerializeOpProto(Registry::Get().Find(type))));
    return out;
  });
  m.def("get_op_attrs_default_value", [](const py::bytes& type) {
    py::dict out;
    for (const auto& spec : Registry::Get().Find(std::string(type)).attrs)
      if (!spec.required) out[py::str(std::string(spec.name))] = DefaultOf(spec);
    return out;
  });
  m.def("has_grad_op_maker", [](const std::string& type) { return HasGradient(Registry::Get().Find(type)); });
  m.def("has_non_empty_grad_op_maker", [](const std::string& type) { return HasGradient(Registry::Get().Find(type)); });
  m.def("has_infer_inplace", [](const std::string& type) {
    const OpDef& def = Registry::Get().Find(type);
    return !def.may_share.empty() || !def.must_share.empty();
  });
  m.def("op_support_gpu", [](const std::string& type) {
    for (const auto& kernel : Registry::Get().Find(type).kernels)
      if (kernel.device == DeviceType::kCuda) return true;
    return false;
  });
}

}  // namespace paddle::bindings
