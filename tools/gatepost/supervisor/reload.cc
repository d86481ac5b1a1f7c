// The part of the supervisor that takes another configuration while everything runs: what serves
// clients finishes what is under way, ends, and is started anew with the same sockets, in which
// clients wait meanwhile.
#include <algorithm>

#include "controlplane/log/event_log.h"
#include "tools/gatepost/supervisor/supervisor.h"

namespace gatepost::tools {

using controlplane::log_error;
using controlplane::log_info;

namespace {

// What a start decides for good.
Status check_reloadable(const Config& now, const Config& next) {
    const auto refuse = [](std::string_view key) {
        return fail(ErrorCode::refused,
                    "{} has changed, which takes a restart; nothing has been changed", key);
    };
    if (now.state_dir != next.state_dir) return refuse("paths.state_dir");
    if (now.run_dir != next.run_dir) return refuse("paths.run_dir");
    if (now.controlplane_user != next.controlplane_user) return refuse("controlplane.user");
    if (now.mail.is_served() != next.mail.is_served()) return refuse("whether mail is served");
    if (worker_cores(now) != worker_cores(next))
        return refuse("dataplane.workers or dataplane.cores");
    const auto key = [](const NicConfig& nic) { return std::pair(nic.interface, nic.queues); };
    if (!std::equal(now.nics.begin(), now.nics.end(), next.nics.begin(), next.nics.end(),
                    [&](const NicConfig& a, const NicConfig& b) { return key(a) == key(b); }))
        return refuse("a [[nic]]");
    return {};
}

bool needs_other_controlplane(const Config& now, const Config& next) {
    return now.dsn != next.dsn || now.password_file != next.password_file ||
           now.arena_size_max != next.arena_size_max || now.store != next.store ||
           now.mailboxes != next.mailboxes || now.checkpoint_interval != next.checkpoint_interval ||
           now.tls_server_name != next.tls_server_name || now.tls_key_file != next.tls_key_file ||
           now.log_format != next.log_format || now.log_level != next.log_level;
}

}  // namespace

// Sockets of addresses that stay are kept, so that no client of theirs is turned away.
Status Supervisor::change_listeners(const Config& next) {
    const auto workers = static_cast<unsigned>(worker_cores(next).size());
    std::vector<dataplane::Listener> listeners;
    for (const ConfiguredListen& wanted : configured_listens(next)) {
        const auto same = [&](const dataplane::Listener& one) {
            return one.use == wanted.use && one.address.text() == wanted.address.text();
        };
        if (std::any_of(listeners_.begin(), listeners_.end(), same)) continue;
        auto listener = dataplane::open_listener(wanted.address, workers, wanted.use);
        if (!listener) return tl::unexpected(std::move(listener).error());
        listeners.push_back(std::move(*listener));
    }
    const auto stays = [&](const dataplane::Listener& one) {
        const auto wanted = configured_listens(next);
        return std::any_of(wanted.begin(), wanted.end(), [&](const ConfiguredListen& listen) {
            return listen.use == one.use && listen.address.text() == one.address.text();
        });
    };
    std::erase_if(listeners_, [&](const dataplane::Listener& one) { return !stays(one); });
    for (dataplane::Listener& listener : listeners) listeners_.push_back(std::move(listener));
    return {};
}

Status Supervisor::take_configuration() {
    auto next = options_.reload();
    if (!next) return tl::unexpected(std::move(next).error());
    if (Status fine = check_reloadable(options_.config, *next); !fine) return fine;
    auto password = read_password(*next);
    if (!password) return tl::unexpected(std::move(password).error());
    if (Status changed = change_listeners(*next); !changed) return changed;
    const bool controlplane = needs_other_controlplane(options_.config, *next);
    options_.config = std::move(*next);
    password_ = std::move(*password);
    const TimePoint now = SupervisorClock::now();
    set_stop_bounds();
    dataplane_.stop(now);
    for (auto& nic : nics_) nic->process().stop(now);
    if (controlplane) controlplane_.stop(now);
    return {};
}

void Supervisor::reload() {
    if (stopping_ || !options_.reload) return;
    notifier_.send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                               std::chrono::duration_cast<std::chrono::microseconds>(
                                   SupervisorClock::now().time_since_epoch())
                                   .count()));
    Status taken = take_configuration();
    notifier_.send("READY=1");
    if (taken) {
        runtime_->reloads.fetch_add(1);
        log_info("supervisor.reloaded");
        return;
    }
    log_error("supervisor.reload_refused").field("reason", taken.error().message);
    runtime_->reloads_refused.fetch_add(1);
}

}  // namespace gatepost::tools
