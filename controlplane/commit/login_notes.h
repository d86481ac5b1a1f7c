// Logins that succeeded or failed, gathered for the database: best effort. Failures of the same
// kind make one row of the audit log, and what is too much is counted and dropped, so that whoever
// guesses passwords fills no disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "controlplane/commit/binary_params.h"
#include "storage/delivery/delivery_frames.h"

namespace gatepost::controlplane {

class LoginNotes {
  public:
    static constexpr size_t kLoginsMax = 1024;
    static constexpr size_t kFailuresMax = 256;  // of different kinds

    // False: dropped.
    bool add(storage::LoginNote note);
    bool add(storage::AuthFailure failure);

    bool has_logins() const { return !logins_.empty(); }
    bool has_failures() const { return !failures_.empty(); }
    // Parameters of these, for kNoteLoginsSql and kNoteAuthFailuresSql.
    BinaryParams logins() const;
    BinaryParams failures() const;
    void clear_logins() { logins_.clear(); }
    void clear_failures() { failures_.clear(); }

  private:
    // Service, name, client, reason.
    using Kind = std::tuple<std::string, std::string, std::string, std::string>;

    std::vector<storage::LoginNote> logins_;
    std::map<Kind, int64_t> failures_;  // how many there were
};

extern const std::string kNoteLoginsSql;
extern const std::string kNoteAuthFailuresSql;

}  // namespace gatepost::controlplane
