#include "tools/gatepost/supervisor/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "controlplane/certificate/key_file.h"
#include "controlplane/log/event_log.h"
#include "tools/gatepost/supervisor/directories.h"

namespace gatepost::tools {

using controlplane::log_info;
using controlplane::log_warning;

namespace {

using namespace std::chrono_literals;

// How often something is looked at that tells nobody when it changes: the start of PostgreSQL, and
// the workers' first arena.
constexpr auto kGlance = 10ms;
constexpr auto kStopMargin = 5s;

Result<UniqueFd> take_signals_by_descriptor() {
    sigset_t set;
    sigemptyset(&set);
    for (int number : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
    ::signal(SIGPIPE, SIG_IGN);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
        return fail(ErrorCode::refused, "blocking signals: {}", std::strerror(errno));
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return fail(ErrorCode::refused, "signalfd: {}", std::strerror(errno));
    return fd;
}

Status make_directories(const Config& config) {
    std::optional<SystemUser> owner;
    if (::geteuid() == 0 && !config.controlplane_user.empty()) {
        auto user = find_user(config.controlplane_user);
        if (!user) return wrap("controlplane.user", std::move(user).error());
        owner = *user;
    }
    const SystemUser* whose = owner ? &*owner : nullptr;
    if (Status made = make_directory(config.state_dir, 0700, whose); !made) return made;
    if (Status made = make_directory(config.run_dir, 0755, whose); !made) return made;
    if (!config.mail.is_served()) return {};
    // The message log is the dataplane's; the control plane reads it (02750: files get its group).
    std::optional<SystemUser> worker;
    if (::geteuid() == 0) {
        auto user = find_user(config.dataplane_user.empty() ? "nobody" : config.dataplane_user);
        if (!user) return wrap("dataplane.user", std::move(user).error());
        worker = *user;
    }
    if (worker && owner) worker->gid = owner->gid;
    return make_directory(config.messages(), 02750, worker ? &*worker : nullptr);
}

}  // namespace

Result<Supervisor> Supervisor::create(SupervisorOptions options) {
    Supervisor out;
    const Config& config = options.config;
    auto programs = ChildPrograms::find();
    if (!programs) return tl::unexpected(std::move(programs).error());
    if (Status made = make_directories(config); !made)
        return tl::unexpected(std::move(made).error());
    // Certificates need it, and DNS does not.
    if (auto keys = controlplane::ensure_key_file(config.tls_key_file); !keys)
        log_warning("supervisor.key_file").field("error", keys.error().message);
    auto lock = lock_instance(config.run_dir);
    if (!lock) return tl::unexpected(std::move(lock).error());
    // Two that write one checkpoint would each serve the other's after a restart.
    if (config.state_dir != config.run_dir) {
        auto state_lock = lock_instance(config.state_dir, "paths.state_dir");
        if (!state_lock) return tl::unexpected(std::move(state_lock).error());
        out.state_lock_ = std::move(*state_lock);
    }
    auto password = read_password(config);
    if (!password) return tl::unexpected(std::move(password).error());
    auto runtime = storage::RuntimeMapping::create();
    if (!runtime) return tl::unexpected(std::move(runtime).error());
    const auto workers = static_cast<unsigned>(worker_cores(config).size());
    auto listeners = open_listeners(config, workers);
    if (!listeners) return tl::unexpected(std::move(listeners).error());
    out.listeners_ = std::move(*listeners);
    if (options.local) {
        auto cluster = LocalPostgres::open(*options.local, options.local_user);
        if (!cluster) return tl::unexpected(std::move(cluster).error());
        out.cluster_ = std::move(*cluster);
        out.provisioning_.emplace(options.prepare);
    }
    auto signals = take_signals_by_descriptor();
    if (!signals) return tl::unexpected(std::move(signals).error());
    out.options_ = std::move(options);
    out.programs_ = std::move(*programs);
    out.lock_ = std::move(*lock);
    out.password_ = std::move(*password);
    out.runtime_ = std::move(*runtime);
    out.runtime_->supervisor_pid.store(static_cast<uint32_t>(::getpid()));
    out.signals_ = std::move(*signals);
    out.notifier_ = ServiceNotifier::from_environment();
    if (Status prepared = out.prepare_nics(); !prepared) return tl::unexpected(prepared.error());
    out.set_stop_bounds();
    return out;
}

// The dataplane's connections get the time to end that the configuration gives them.
void Supervisor::set_stop_bounds() {
    dataplane_.set_stop_bound(options_.config.connections_drain + kStopMargin);
}

Status Supervisor::prepare_nics() {
    const Config& config = options_.config;
    if (config.nics.empty()) return {};
    auto watch = HostWatch::open();
    if (!watch) return tl::unexpected(std::move(watch).error());
    host_watch_ = std::move(*watch);
    auto first_worker = static_cast<unsigned>(worker_cores(config).size());
    for (const NicConfig& about : config.nics) {
        auto nic = std::make_unique<NicService>(about, nics_.size(), first_worker);
        first_worker += nic->queues();
        if (first_worker > storage::kWorkersMax)
            return fail(ErrorCode::invalid,
                        "dataplane.workers and the queues of all [[nic]] are {} together; at most "
                        "{}",
                        first_worker, storage::kWorkersMax);
        if (Status prepared = nic->prepare(config); !prepared)
            return wrap("nic " + about.interface, std::move(prepared).error());
        storage::NicSlot& slot = runtime_->nics[nic->slot()];
        about.interface.copy(slot.interface, sizeof slot.interface - 1);
        slot.first_worker.store(nic->first_worker());
        slot.worker_count.store(nic->queues());
        nics_.push_back(std::move(nic));
    }
    runtime_->nic_count.store(static_cast<uint32_t>(nics_.size()));
    return {};
}

std::vector<Supervised*> Supervisor::processes() {
    std::vector<Supervised*> all = {&dataplane_, &controlplane_, &postgres_};
    for (auto& nic : nics_) all.push_back(&nic->process());
    return all;
}

Status Supervisor::run() {
    controlplane::log_count_in(
        runtime_->log_lines[static_cast<size_t>(storage::LogProcess::supervisor)]);
    TimePoint now = SupervisorClock::now();
    // A checkpoint may be there: the dataplane answers before the database is up.
    dataplane_.want(now);
    for (auto& nic : nics_) nic->process().want(now);
    start_due(now);
    if (cluster_ && !cluster_->exists()) {
        if (Status made = cluster_->create(); !made) {
            outcome_ = std::move(made);
            begin_stop(now);
        }
    }
    if (!stopping_) (cluster_ ? postgres_ : controlplane_).want(now);
    while (!stopping_ || !all_stopped()) {
        now = SupervisorClock::now();
        if (stopping_) {
            go_on_stopping(now);
        } else {
            for (Supervised* process : processes()) process->press(now);
            start_due(now);
            watch_database(now);
        }
        report(now);
        wait_for_events(now);
    }
    log_info("supervisor.stopped");
    controlplane::log_count_in(nullptr);
    return std::move(outcome_);
}

void Supervisor::watch_database(TimePoint now) {
    if (!cluster_) return;
    if (postgres_.is_running() && !postgres_.is_ready() && cluster_->is_ready(postgres_.pid())) {
        postgres_.set_ready();
        log_info("supervisor.postgresql_ready");
    }
    if (!postgres_.is_ready()) return;
    if (Status step = provisioning_->run(now); !step) {
        outcome_ = std::move(step);
        begin_stop(now);
    } else if (provisioning_->is_done()) {
        controlplane_.want(now);
    }
}

std::optional<TimePoint> Supervisor::deadline() const {
    std::optional<TimePoint> next;
    const auto consider = [&](std::optional<TimePoint> time) {
        if (time && (!next || *time < *next)) next = time;
    };
    for (const Supervised* process : {&dataplane_, &controlplane_, &postgres_})
        consider(process->deadline());
    for (const auto& nic : nics_) consider(nic->process().deadline());
    if (notifier_.watchdog_interval()) consider(watchdog_next_);
    if (stopping_) return next;
    if (provisioning_ && postgres_.is_ready()) consider(provisioning_->deadline());
    if (!announced_ || (postgres_.is_running() && !postgres_.is_ready()))
        consider(SupervisorClock::now() + kGlance);
    return next;
}

void Supervisor::wait_for_events(TimePoint now) {
    int wait_ms = -1;
    if (const auto next = deadline())
        wait_ms = static_cast<int>(std::max<int64_t>(
            0, std::chrono::ceil<std::chrono::milliseconds>(*next - now).count()));
    const std::vector<Supervised*> all = processes();
    std::vector<pollfd> entries = {{signals_.get(), POLLIN, 0},
                                   {host_watch_ ? host_watch_->fd() : -1, POLLIN, 0}};
    const size_t first_channel = entries.size();
    for (const Supervised* process : all) entries.push_back({process->channel(), POLLIN, 0});
    if (::poll(entries.data(), entries.size(), wait_ms) <= 0) return;
    // Messages before ends: a process may have sent one just before it died.
    for (size_t i = 0; i < all.size(); ++i)
        if (entries[first_channel + i].revents != 0) read_channel(*all[i]);
    if (entries[0].revents != 0) take_signals();
    if (entries[1].revents == 0) return;
    host_watch_->drain();
    for (auto& nic : nics_)
        if (!stopping_) nic->refresh(options_.config, SupervisorClock::now());
}

void Supervisor::take_signals() {
    signalfd_siginfo info;
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD) continue;
        if (info.ssi_signo == SIGHUP) {
            reload();
            continue;
        }
        log_info("supervisor.stopping")
            .field("signal", ::strsignal(static_cast<int>(info.ssi_signo)));
        begin_stop(SupervisorClock::now());
    }
    reap();
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        const TimePoint now = SupervisorClock::now();
        for (Supervised* process : processes())
            if (process->pid() == pid) on_end(*process, status, now);
        if (!provisioning_ || provisioning_->pid() != pid) continue;
        if (Status step = provisioning_->ended(status, now); !step && !stopping_) {
            outcome_ = std::move(step);
            begin_stop(now);
        }
    }
}

void Supervisor::on_end(Supervised& process, int wait_status, TimePoint now) {
    // What it sent before it died is still there.
    if (process.channel() >= 0) read_channel(process);
    const pid_t pid = process.pid();
    const bool asked = process.is_stopping();
    const auto wait = process.ended(now);
    if (&process == &dataplane_) runtime_.clear_dataplane();
    if (&process == &controlplane_) runtime_->controlplane_pid.store(0);
    for (auto& nic : nics_) {
        if (&process != &nic->process()) continue;
        runtime_.clear_nic(nic->slot());
        if (!stopping_) nic->refresh(options_.config, now);
    }
    controlplane::LogEvent event(
        asked ? controlplane::LogLevel::info : controlplane::LogLevel::warning,
        "supervisor.process_ended");
    event.field("process", process.name())
        .field("pid", pid)
        .field("how", how_it_ended(wait_status));
    if (process.is_wanted()) event.field("starts_again_in_ms", wait.count());
}

void Supervisor::read_channel(Supervised& process) {
    while (process.channel() >= 0) {
        auto message = channel_receive(process.channel());
        if (!message) return process.close_channel();
        if (!*message) return;
        if ((*message)->verb == ChannelVerb::ready) {
            process.set_ready();
            log_info("supervisor.process_ready").field("process", process.name());
        } else if (((*message)->verb == ChannelVerb::arena ||
                    (*message)->verb == ChannelVerb::directory ||
                    (*message)->verb == ChannelVerb::mailbox_index) &&
                   &process == &controlplane_) {
            take_arena(std::move(**message));
        } else if ((*message)->verb == ChannelVerb::keys && &process == &controlplane_) {
            // One that starts later reads the file itself.
            send_arena(dataplane_, {ChannelVerb::keys, std::move((*message)->fd)});
        } else {
            log_warning("supervisor.unknown_message")
                .field("process", process.name())
                .field("verb", static_cast<uint32_t>((*message)->verb));
        }
    }
}

void Supervisor::take_arena(ChannelMessage message) {
    if (!message.fd) return;
    const ChannelVerb verb = message.verb;
    HeldArena& held = verb == ChannelVerb::directory       ? directory_
                      : verb == ChannelVerb::mailbox_index ? mailboxes_
                                                           : zones_;
    held.fd = std::move(message.fd);
    held.generation = message.number;
    log_info(verb == ChannelVerb::directory       ? "supervisor.directory"
             : verb == ChannelVerb::mailbox_index ? "supervisor.mailboxes"
                                                  : "supervisor.arena")
        .field("generation", held.generation);
    send_arena(dataplane_, held);
    if (verb != ChannelVerb::arena) return;
    for (auto& nic : nics_) send_arena(nic->process(), held);
}

void Supervisor::send_arena(Supervised& dataplane, const HeldArena& arena) {
    if (!arena.fd || !dataplane.is_running() || dataplane.channel() < 0) return;
    if (Status sent =
            channel_send(dataplane.channel(), arena.verb, arena.generation, arena.fd.get());
        !sent)
        log_warning("supervisor.arena_not_sent")
            .field("process", dataplane.name())
            .field("error", sent.error().message);
}

void Supervisor::begin_stop(TimePoint now) {
    // Asked for again: more firmly.
    const bool again = stopping_;
    stopping_ = true;
    notifier_.send("STOPPING=1");
    if (provisioning_) provisioning_->stop();
    for (Supervised* process : processes()) {
        if (process == &postgres_) continue;
        process->unwant();
        process->stop(now);
    }
    postgres_.unwant();
    if (again) postgres_.stop(now);
}

void Supervisor::go_on_stopping(TimePoint now) {
    for (Supervised* process : processes()) process->press(now);
    // The database last, as its clients end cleanly with it.
    const bool clients = controlplane_.is_running() || (provisioning_ && provisioning_->pid() > 0);
    if (!clients && !postgres_.is_stopping()) postgres_.stop(now);
}

bool Supervisor::all_stopped() const {
    for (const auto& nic : nics_)
        if (nic->process().is_running()) return false;
    return !dataplane_.is_running() && !controlplane_.is_running() && !postgres_.is_running() &&
           !(provisioning_ && provisioning_->pid() > 0);
}

bool Supervisor::answers() const {
    if (!dataplane_.is_ready() || (cluster_ && !controlplane_.is_ready())) return false;
    const size_t workers = runtime_->worker_count.load(std::memory_order_relaxed);
    for (size_t i = 0; i < workers; ++i)
        if (runtime_->workers[i].arena_generation.load(std::memory_order_relaxed) == 0)
            return false;
    return workers > 0;
}

void Supervisor::report(TimePoint now) {
    if (const auto interval = notifier_.watchdog_interval(); interval && now >= watchdog_next_) {
        notifier_.send("WATCHDOG=1");
        watchdog_next_ = now + *interval;
    }
    if (stopping_) return;
    if (!listening_ && dataplane_.is_ready()) {
        // For a service manager this is the end of the start: the zones may be a while in coming.
        listening_ = true;
        notifier_.send("READY=1\nSTATUS=waiting for the zones");
    }
    if (announced_ || !answers()) return;
    announced_ = true;
    const double seconds = std::chrono::duration<double>(now - created_at_).count();
    log_info("supervisor.ready").field("seconds", seconds);
    notifier_.send(fmt::format("STATUS=answering on {} addresses with {} workers",
                               listeners_.size(), worker_cores(options_.config).size()));
    if (options_.on_ready != nullptr) options_.on_ready(options_, seconds);
}

}  // namespace gatepost::tools
