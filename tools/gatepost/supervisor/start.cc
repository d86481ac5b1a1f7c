// The part of the supervisor that starts processes.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

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

struct StreamPair {
    UniqueFd dataplane;
    UniqueFd controlplane;
};

Result<StreamPair> stream_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(ErrorCode::refused, "making a socket pair: {}", std::strerror(errno));
    return StreamPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

Status Supervisor::connect_worker(ChannelVerb verb, size_t worker) {
    auto pair = stream_pair();
    if (!pair) return tl::unexpected(pair.error());
    if (Status sent = channel_send(controlplane_.channel(), verb, worker, pair->controlplane.get());
        !sent)
        return sent;
    return channel_send(dataplane_.channel(), verb, worker, pair->dataplane.get());
}

// Whenever one of the two starts: deliveries that were under way are sent again on the new
// connection, and what was asked of mailboxes is answered with "unavailable".
void Supervisor::connect_workers() {
    if (!options_.config.mail.is_served()) return;
    if (dataplane_.channel() < 0 || controlplane_.channel() < 0) return;
    const size_t workers = worker_cores(options_.config).size();
    for (size_t worker = 0; worker < workers; ++worker) {
        Status sent = connect_worker(ChannelVerb::commit, worker);
        if (sent) sent = connect_worker(ChannelVerb::mailboxes, worker);
        if (!sent)
            log_error("supervisor.worker_not_connected")
                .field("worker", worker)
                .field("error", sent.error().message);
    }
}

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
    send_arena(dataplane_, mailboxes_);
    send_arena(dataplane_, zones_);
    connect_workers();
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
    connect_workers();
}

void Supervisor::start_postgres(TimePoint now) {
    on_started(postgres_, cluster_->start(), {}, now);
}

}  // namespace gatepost::tools
