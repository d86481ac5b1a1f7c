// The private PostgreSQL cluster of a `--local` instance: made once, reachable only over a unix
// socket in the instance's run directory, never run by root.
#pragma once

#include <optional>
#include <string>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/supervisor/local_instance.h"
#include "tools/gatepost/supervisor/process.h"

namespace gatepost::tools {

class LocalPostgres {
  public:
    // `user` null: this process's own.
    static Result<LocalPostgres> open(const LocalInstance& instance,
                                      std::optional<SystemUser> user);

    // Whether initdb and the creation of the database have been completed.
    bool exists() const;
    // Makes the cluster and the empty database in it; takes a second or two. A cluster comes into
    // being in one step, so that what was interrupted is simply made again.
    Status create();
    Result<pid_t> start();
    // Whether the server of that process takes connections.
    bool is_ready(pid_t postmaster) const;
    // The end of the server's log, for messages.
    std::string log_end() const;

  private:
    LocalPostgres(LocalInstance instance, std::string programs, std::optional<SystemUser> user)
        : instance_(std::move(instance)), programs_(std::move(programs)), user_(std::move(user)) {}
    ProcessSpec spec(const std::string& program, const UniqueFd& log) const;
    Result<UniqueFd> open_log() const;
    Status run(const ProcessSpec& spec) const;

    LocalInstance instance_;
    std::string programs_;
    std::optional<SystemUser> user_;
};

}  // namespace gatepost::tools
