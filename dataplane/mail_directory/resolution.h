// Where mail for an address goes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::dataplane {

enum class ResolutionStatus : uint8_t {
    ok,               // to `targets`
    no_such_domain,   // none of this system's: relayed, or refused
    inactive_domain,  // this system's, but no mail is taken for it
    no_such_user,     // 550 5.1.1 (RFC 3463 §3.2)
    no_email,         // all that there is are accounts without mail
    over_quota,       // all that there is are accounts that are full (452 4.2.2)
    loop,             // aliases that lead to one another and nowhere else
    too_many,         // more targets, or aliases one behind the other, than are followed
    damaged,          // an entry of the directory cannot be read
};

struct MailTarget {
    enum class Kind : uint8_t { account, external };
    Kind kind = Kind::account;
    bool over_quota = false;
    uint64_t account_id = 0;  // of an account
    // An account's own address, whatever alias or detail led to it; an external one as the alias
    // has it.
    std::string address;
};

struct AddressResolution {
    ResolutionStatus status = ResolutionStatus::no_such_user;
    // Each once. What has been found so far where the status is not ok.
    std::vector<MailTarget> targets;
};

}  // namespace gatepost::dataplane
