// Runs Gatepost: creates what the processes share (runtime page, listening sockets), starts the
// dataplane, the control plane and, for a local instance, PostgreSQL; starts again what dies; stops
// all of it cleanly.
//
// Invariants:
//   1. The listening sockets and the newest index arena are held here, so that a dataplane that
//   dies costs no
//      query that waits in the kernel, and its successor answers from what its predecessor had.
//   2. Nothing here waits for the database or for a child; one loop over poll(2) does all. (The
//   making
//      of a local cluster, once in its life, is the exception.)
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/netio/listen_socket.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/error.h"
#include "storage/base/fd_channel.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/config/config.h"
#include "tools/gatepost/supervisor/children.h"
#include "tools/gatepost/supervisor/local_postgres.h"
#include "tools/gatepost/supervisor/nic_service.h"
#include "tools/gatepost/supervisor/notify.h"
#include "tools/gatepost/supervisor/provisioning.h"
#include "tools/gatepost/supervisor/supervised.h"

namespace gatepost::tools {

struct SupervisorOptions {
    Config config;
    std::optional<LocalInstance> local;
    std::optional<SystemUser> local_user;     // who runs PostgreSQL; nullopt: this process's own
    std::vector<Provisioning::Step> prepare;  // for a local database, once it takes connections
    void (*on_ready)(const SupervisorOptions&,
                     double seconds) = nullptr;  // answers for the first time
    std::function<Result<Config>()> reload;      // reads the configuration again
};

class Supervisor {
  public:
    // Takes the instance's lock, opens the sockets: what can be wrong with a configuration shows
    // here.
    static Result<Supervisor> create(SupervisorOptions options);

    // Until SIGTERM or SIGINT, or until preparing a local database has failed. SIGHUP has the
    // configuration read again.
    Status run();

  private:
    // The newest arena of a kind, kept for whoever starts later.
    struct HeldArena {
        ChannelVerb verb;
        UniqueFd fd;
        uint64_t generation = 0;
    };

    Supervisor() = default;
    void start_due(TimePoint now);
    void start_dataplane(TimePoint now);
    void start_nic(NicService& nic, TimePoint now);
    void start_controlplane(TimePoint now);
    void start_postgres(TimePoint now);
    void watch_database(TimePoint now);
    void wait_for_events(TimePoint now);
    void take_signals();
    void reload();
    Status take_configuration();
    Status change_listeners(const Config& next);
    void set_stop_bounds();
    void reap();
    void on_end(Supervised& process, int wait_status, TimePoint now);
    void read_channel(Supervised& process);
    void take_arena(ChannelMessage message);
    void send_arena(Supervised& dataplane, const HeldArena& arena);
    // Gives each worker of the dataplane new connections to the control plane: for deliveries, and
    // for mailboxes.
    void connect_workers();
    Status connect_worker(ChannelVerb verb, size_t worker);
    Status prepare_nics();
    // All of them, in no particular order.
    std::vector<Supervised*> processes();
    void begin_stop(TimePoint now);
    void go_on_stopping(TimePoint now);
    bool all_stopped() const;
    void report(TimePoint now);
    bool answers() const;
    std::optional<TimePoint> deadline() const;

    SupervisorOptions options_;
    ChildPrograms programs_;
    UniqueFd lock_;  // of the run directory
    UniqueFd state_lock_;
    UniqueFd signals_;
    storage::RuntimeMapping runtime_;
    std::vector<dataplane::Listener> listeners_;
    HeldArena zones_{ChannelVerb::arena};
    HeldArena directory_{ChannelVerb::directory};      // for the process with the sockets
    HeldArena mailboxes_{ChannelVerb::mailbox_index};  // the same
    std::string password_;
    std::optional<LocalPostgres> cluster_;
    std::optional<Provisioning> provisioning_;
    ServiceNotifier notifier_;

    std::optional<HostWatch> host_watch_;  // where there are NICs to keep up to date
    std::vector<std::unique_ptr<NicService>> nics_;
    Supervised dataplane_{"dataplane", {0, 15, 9}};
    Supervised controlplane_{"controlplane", {0, 15, 9}};
    Supervised postgres_{"postgresql", {2, 3, 9}};  // fast, immediate (PostgreSQL 15 §19.5)
    TimePoint created_at_ = SupervisorClock::now();
    TimePoint watchdog_next_{};
    bool listening_ = false;
    bool announced_ = false;
    bool stopping_ = false;
    Status outcome_;
};

}  // namespace gatepost::tools
