// Answers to http-01 challenges (RFC 8555 §8.3) in the database, from where every edge has them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct AcmeChallenge {
    std::string host;
    std::string token;
    std::string key_authorization;
};

Result<std::vector<AcmeChallenge>> acme_challenge_list(Connection& connection);
// Gives a position that an edge has reached when it answers with it.
Result<Lsn> acme_challenge_put(Connection& connection, const AcmeChallenge& challenge,
                               const WriteOptions& options);
// Whether it was there or not.
Result<Lsn> acme_challenge_remove(Connection& connection, std::string_view host,
                                  std::string_view token, const WriteOptions& options);
// Those that whoever put them there forgot; gives how many.
Result<int64_t> acme_challenge_remove_older(Connection& connection, std::chrono::seconds age);

}  // namespace gatepost::controlplane
