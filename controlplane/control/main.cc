// gatepost-controlplane: follows PostgreSQL and writes the index that the dataplane answers from.
#include <unistd.h>

#include "controlplane/control/daemon.h"

using namespace gatepost;
using namespace gatepost::controlplane;

namespace {

int report(const Error& error) {
    log_error("control.failed").field("error", error.message);
    log_flush();
    return static_cast<int>(error.code);
}

}  // namespace

int main(int argc, char** argv) {
    auto parsed = parse_options(argc, argv);
    if (const auto* exit_now = std::get_if<ExitNow>(&parsed)) return exit_now->code;
    auto& options = std::get<DaemonOptions>(parsed);
    log_start(options.log_format, options.log_level, "gatepost-controlplane");
    auto daemon = Daemon::create(std::move(options));
    if (!daemon) return report(daemon.error());
    if (Status ok = (*daemon)->run(); !ok) return report(ok.error());
    log_flush();
    // A connection attempt that is under way cannot be cut short, and nothing depends on it.
    if (!(*daemon)->is_stopped()) ::_exit(0);
    return 0;
}
