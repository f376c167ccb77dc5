#include "python/bindings/interrupt.h"

#include <unistd.h>

#include "paddle/base/interrupt.h"

namespace paddle::bindings {
namespace {

struct sigaction g_previous;

void OnInterrupt(int signal) {
  RequestInterrupt(getpid());  // the main thread's id is the process'
  g_previous.sa_handler(signal);
}

bool PythonWouldRaise() {
  static const auto* names = new std::pair<py::object, py::object>(
      py::module_::import("_signal").attr("getsignal"), py::module_::import("_signal").attr("default_int_handler"));
  return names->first(SIGINT).is(names->second);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  if (getpid() != gettid() || !PythonWouldRaise()) return;
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  if (sigaction(SIGINT, nullptr, &g_previous) != 0 || (g_previous.sa_flags & SA_SIGINFO) ||
      g_previous.sa_handler == SIG_DFL || g_previous.sa_handler == SIG_IGN || g_previous.sa_handler == OnInterrupt)
    return;
  active_ = sigaction(SIGINT, &action, nullptr) == 0;
}

InterruptGuard::~InterruptGuard() {
  if (!active_) return;
  sigaction(SIGINT, &g_previous, nullptr);
  InterruptRequested();  // one that came too late must not end the next run
}

}  // namespace paddle::bindings
