#include "paddle/op/registry.h"

#include "paddle/op/check.h"
#include "python/bindings/convert.h"

namespace paddle::bindings {
namespace {

py::object DefaultOf(const AttrSpec& spec) {
  return std::visit(
      [](const auto& value) -> py::object {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, BlockRef> || std::is_same_v<T, std::vector<BlockRef>> ||
                      std::is_same_v<T, UnknownAttr>)
          return py::none();
        else
          return py::cast(value);
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
    entry["meta_only"] = slot.has(kMetaOnly);
    entry["no_gradient"] = slot.has(kNoGradient);
    entry["doc"] = std::string(slot.doc);
    out.append(std::move(entry));
  }
  return out;
}

// (output, input) pairs.
py::list Aliases(const std::vector<Alias>& aliases) {
  py::list out;
  for (const auto& alias : aliases) out.append(py::make_tuple(std::string(alias.output), std::string(alias.input)));
  return out;
}

// One op by itself: all its outputs have gradients, all inputs but some want them.
class LoneOp final : public GradEnvironment {
 public:
  explicit LoneOp(const std::set<std::string>& no_grad) : no_grad_(no_grad) {}
  bool Wanted(const std::string& input) const override { return !no_grad_.contains(GradName(input)); }
  bool HasGrad(const std::string&) const override { return true; }
  std::optional<GradBlock> DifferentiateBlock(const BlockGradRequest&) override {
    throw Unimplemented("the gradient of an op with a block needs its whole program: use append_backward");
  }

 private:
  const std::set<std::string>& no_grad_;
};

// The gradient ops of one op, as core.get_grad_op_desc gives them. `no_grad` holds names of gradients.
py::tuple GradOps(const OpHandle& self, const std::set<std::string>& no_grad, const py::object&) {
  const auto op = self.get();
  const OpDef& def = Registry::Get().Find(op->type());
  std::vector<OpDesc> made;
  LoneOp environment(no_grad);
  GradContext context(*op, &environment, &made);
  if (def.grad)
    def.grad(def.parse(*op).get(), context);
  else if (Registry::Get().FindOrNull(op->type() + "_grad"))
    context.EmitDefault();
  py::list ops;
  for (auto& one : made) ops.append(OpHandle(std::make_shared<OpDesc>(std::move(one))));
  py::dict variables;
  for (const auto& names : {op->InputNames(), op->OutputNames()})
    for (const auto& name : names)
      if (name != kEmptyName && !no_grad.contains(GradName(name))) variables[py::str(GradName(name))] = name;
  return py::make_tuple(ops, variables);
}

bool HasGradient(const OpDef& def) {
  return def.grad || Registry::Get().FindOrNull(std::string(def.name) + "_grad") != nullptr;
}

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
  out["host"] = def.has(kHost);
  py::set devices;
  const auto lock = Registry::Get().ReadKernels();
  for (const auto& kernel : def.kernels) devices.add(py::str(kernel.device == DeviceType::kCpu ? "CPU" : "CUDA"));
  out["devices"] = py::list(devices);
  out["may_share"] = Aliases(def.may_share);
  out["must_share"] = Aliases(def.must_share);
  return out;
}

std::map<std::string, std::vector<std::string>> KernelTable() {
  std::map<std::string, std::vector<std::string>> table;
  for (const auto type : Registry::Get().Types()) {
    std::set<std::string> places;
    const OpDef& def = Registry::Get().Find(type);
    const auto lock = Registry::Get().ReadKernels();
    for (const auto& kernel : def.kernels)
      places.insert(kernel.device == DeviceType::kCpu ? "place[CPUPlace]" : "place[CUDAPlace]");
    if (!places.empty()) table[std::string(type)] = {places.begin(), places.end()};
  }
  return table;
}

}  // namespace

void BindRegistry(py::module_& m) {
  m.def(
      "op_types",
      [] {
        std::vector<std::string> types;
        for (const auto type : Registry::Get().Types()) types.emplace_back(type);
        return types;
      },
      "Types of all ops that exist.");
  m.def("op_info", OpInfo, "What the registry says of one op: slots, attributes, docs, devices.");
  m.def("has_op", [](const std::string& type) { return Registry::Get().FindOrNull(type) != nullptr; });
  m.def("get_all_op_protos", [] {
    py::list out;
    for (const auto type : Registry::Get().Types()) out.append(py::bytes(SerializeOpProto(Registry::Get().Find(type))));
    return out;
  });
  m.def("get_op_attrs_default_value", [](const py::object& type) {
    py::dict out;
    for (const auto& spec : Registry::Get().Find(ToName(type)).attrs)
      if (!spec.required) out[py::str(std::string(spec.name))] = DefaultOf(spec);
    return out;
  });
  // Every op may be asked for its gradient; those without one give none.
  m.def("has_grad_op_maker", [](const std::string& type) { return Registry::Get().Find(type).declared > 0; });
  m.def("has_non_empty_grad_op_maker", [](const std::string& type) { return HasGradient(Registry::Get().Find(type)); });
  m.def("has_infer_inplace", [](const std::string& type) {
    const OpDef& def = Registry::Get().Find(type);
    return !def.may_share.empty() || !def.must_share.empty();
  });
  m.def(
      "infer_no_need_buffer_slots",
      [](const std::string& type, const py::dict&, const py::dict&, const py::dict&) {
        std::set<std::string> slots;
        for (const auto& slot : Registry::Get().Find(type).inputs)
          if (slot.has(kMetaOnly)) slots.emplace(slot.name);
        return slots;
      },
      "Input slots of which only the shape is read.");
  m.def("refuse_io", RefuseIo, py::arg("program"),
        "Raises ValueError when the program has an op that touches files, network or Python.");
  m.def("get_grad_op_desc", GradOps, py::arg("op"), py::arg("no_grad_set"), py::arg("grad_sub_block") = py::none(),
        "(gradient OpDescs of the op, gradient variable -> variable).");
  m.def(
      "_get_use_default_grad_op_desc_maker_ops",
      [] {
        std::vector<std::string> types;
        for (const auto type : Registry::Get().Types())
          if (!Registry::Get().Find(type).grad && Registry::Get().FindOrNull(std::string(type) + "_grad"))
            types.emplace_back(type);
        return types;
      },
      "Types of the ops whose gradient op takes all their inputs, outputs and gradients of outputs.");
  m.def("_get_all_register_op_kernels", KernelTable, "op type -> devices that it has kernels for.");
  m.def("op_support_gpu", [](const std::string& type) {
    const auto& kernels = Registry::Get().Find(type).kernels;
    const auto lock = Registry::Get().ReadKernels();
    for (const auto& kernel : kernels)
      if (kernel.device == DeviceType::kCuda) return true;
    return false;
  });
}

}  // namespace paddle::bindings
