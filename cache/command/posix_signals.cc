// Catches SIGINT and SIGTERM with sigaction, without SA_RESTART.
#include "cache/command/posix_signals.h"

#include <signal.h>

namespace modelcache {
namespace {

volatile sig_atomic_t stop_signals = 0;  // the only state that a handler may share with the program

void on_stop_signal(int signal_number) {
  stop_signals = stop_signals + 1;
  if (stop_signals < 3) return;
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  (void)sigaction(signal_number, &standard, nullptr);
  (void)raise(signal_number);  // delivered when this handler returns
}

void catch_signal(int signal_number) {
  struct sigaction before = {};
  if (sigaction(signal_number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(signal_number, &action, nullptr);
}

}  // namespace

void catch_stop_signals() {
  catch_signal(SIGINT);
  catch_signal(SIGTERM);
}

bool stop_requested() { return stop_signals != 0; }

}  // namespace modelcache
