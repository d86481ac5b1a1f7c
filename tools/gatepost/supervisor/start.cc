// The part of the supervisor that starts processes.
#include <fcntl.h>

#include "controlplane/log/event_log.h"
#include "tools/gatepost/supervisor/supervisor.h"

namespace gatepost::tools {

using controlplane::log_error;
using controlplane::log_info;

namespace {

// The supervisor must never wait for a child that does not read.
Result<ChannelPair> supervisor_channel() {
    auto pair = channel_pair();
    if (pair) ::fcntl(pair->supervisor.get(), F_SETFL, O_NONBLOCK);
    return pair;
}

void on_started(Supervised& process, Result<pid_t> pid, UniqueFd channel, TimePoint now) {
    if (!pid) {
        log_error("supervisor.start_failed")
            .field("process", process.name())
            .field("error", pid.error().message);
        process.ended(now);
        return;
    }
    process.started(*pid, std::move(channel), now);
    log_info("supervisor.process_started").field("process", process.name()).field("pid", *pid);
}

}  // namespace

void Supervisor::start_due(TimePoint now) {
    if (dataplane_.is_due(now)) start_dataplane(now);
    for (auto& nic : nics_)
        if (nic->process().is_due(now)) start_nic(*nic, now);
    if (controlplane_.is_due(now)) start_controlplane(now);
    if (postgres_.is_due(now)) start_postgres(now);
}

void Supervisor::start_dataplane(TimePoint now) {
    auto pair = supervisor_channel();
    if (!pair) return on_started(dataplane_, tl::unexpected(pair.error()), {}, now);
    const ProcessSpec spec =
        dataplane_spec(programs_, options_.config, listeners_, pair->child.get(), runtime_.fd());
    runtime_->dataplane_starts.fetch_add(1);
    on_started(dataplane_, start_process(spec), std::move(pair->supervisor), now);
    send_arena(dataplane_, directory_);
    send_arena(dataplane_, zones_);
}

void Supervisor::start_nic(NicService& nic, TimePoint now) {
    auto pair = supervisor_channel();
    if (!pair) return on_started(nic.process(), tl::unexpected(pair.error()), {}, now);
    const ProcessSpec spec = nic.spec(programs_, options_.config, pair->child.get(), runtime_.fd());
    runtime_->nics[nic.slot()].starts.fetch_add(1);
    on_started(nic.process(), start_process(spec), std::move(pair->supervisor), now);
    send_arena(nic.process(), zones_);
}

void Supervisor::start_controlplane(TimePoint now) {
    auto pair = supervisor_channel();
    if (!pair) return on_started(controlplane_, tl::unexpected(pair.error()), {}, now);
    ProcessSpec spec =
        controlplane_spec(programs_, options_.config, pair->child.get(), runtime_.fd());
    // Not on the command line, which everybody can read.
    if (!password_.empty()) spec.environment.push_back("PGPASSWORD=" + password_);
    runtime_->controlplane_starts.fetch_add(1);
    on_started(controlplane_, start_process(spec), std::move(pair->supervisor), now);
}

void Supervisor::start_postgres(TimePoint now) {
    on_started(postgres_, cluster_->start(), {}, now);
}

}  // namespace gatepost::tools
