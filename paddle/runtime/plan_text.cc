#include "paddle/runtime/plan_text.h"

namespace paddle {
namespace {

std::string_view NameOf(Home home) {
  switch (home) {
    case Home::kArena:
      return "arena";
    case Home::kDynamic:
      return "dynamic";
    case Home::kFeed:
      return "feed";
    case Home::kExternal:
      return "scope";
  }
  return "?";
}

void PrintArgs(std::ostream& out, const Instruction& instruction, const Plan& plan, size_t from, size_t to) {
  bool first = true;
  for (size_t arg = from; arg < to; ++arg) {
    const int value = instruction.values[arg];
    if (value < 0) continue;
    out << (first ? "" : ", ") << '%' << value << ' ' << plan.values[value].name;
    first = false;
  }
}

void PrintPlan(std::ostream& out, const Plan& plan, const std::string& indent) {
  for (int i = 0; i < plan.end(); ++i) {
    const Instruction& instruction = plan.instructions[i];
    out << indent << '[' << i << "] ";
    PrintArgs(out, instruction, plan, instruction.inputs, instruction.values.size());
    out << " = " << instruction.def->name << '(';
    PrintArgs(out, instruction, plan, 0, instruction.inputs);
    out << ')' << (instruction.infer_at_turn ? " shapes at run time" : "")
        << (instruction.on_host ? " on the host" : "");
    const std::string line = instruction.desc.UserLine();
    if (!line.empty()) out << "  # " << line;
    out << '\n';
    if (instruction.block) PrintPlan(out, *instruction.block, indent + "    ");
  }
}

// `frame`: null when the block did not run yet; offsets are those of its first run.
void PrintValues(std::ostream& out, const Plan& plan, const Frame* frame) {
  for (size_t value = 0; value < plan.values.size(); ++value) {
    const Value& v = plan.values[value];
    out << "  %" << value << ' ' << v.name << " : " << NameOf(v.home) << ", made by ";
    if (v.def < 0)
      out << (plan.block == 0 ? "the caller" : "the blocks around");
    else
      out << '[' << v.def << ']';
    if (v.last >= 0 && v.last < plan.end()) out << ", last read by [" << v.last << ']';
    if (v.on_host) out << ", on the host";
    if (v.fetched) out << (plan.block == 0 ? ", fetched" : ", kept");
    const auto place = frame ? frame->PlacementOf(static_cast<int>(value)) : Frame::Placement{};
    if (place.offset >= 0) out << ", offset " << place.offset << ", " << place.bytes << " bytes";
    out << '\n';
  }
  for (int i = 0; i < plan.end(); ++i) {
    if (!plan.instructions[i].block) continue;
    const Frame* inner = frame ? frame->FrameOfBlock(i) : nullptr;
    out << "values of block " << plan.instructions[i].block->block << (inner ? ":\n" : ", which has not run yet:\n");
    PrintValues(out, *plan.instructions[i].block, inner);
  }
}

}  // namespace

std::string ToText(const Frame& frame) {
  const Plan& plan = frame.plan();
  std::ostringstream out;
  out << "plan on " << plan.place << ": " << plan.end() << " instructions, " << plan.values.size() << " values, arena "
      << frame.arena_bytes() << " bytes\n";
  for (const auto& pass : plan.passes) out << "  pass " << pass << '\n';
  PrintPlan(out, plan, "  ");
  out << "values:\n";
  PrintValues(out, plan, &frame);
  return std::move(out).str();
}

}  // namespace paddle
