// What `gatepost-load imap` asks of a server, and how often each.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::tools {

enum class ImapOperation : uint8_t {
    login,  // a connection, LOGIN, LOGOUT
    noop,
    select,
    fetch_flags,
    fetch_envelope,
    fetch_body,
    store,
    search_flags,
    search_subject,
    search_body,
    append,
    idle,   // connections that wait
    watch,  // connections that wait, and others that change what they wait for
};
inline constexpr size_t kImapOperations = 13;

std::string_view imap_operation_name(ImapOperation operation);
Result<ImapOperation> imap_operation_from_text(std::string_view text);

// Weights of the commands of a connection that stays: noop to append.
class ImapMix {
  public:
    // "fetch_flags=5,fetch_body=3". Errors are of code usage.
    static Result<ImapMix> from_text(std::string_view text);
    static ImapMix only(ImapOperation operation);

    ImapOperation draw(std::mt19937_64& random) const;
    bool has(ImapOperation operation) const { return weights_[static_cast<size_t>(operation)] > 0; }
    // Whether a mailbox has to be selected before: not for append and select alone. The first
    // SELECT of a connection, which may take longer than others, is measured then.
    bool selects() const {
        return total_ > weights_[static_cast<size_t>(ImapOperation::append)] +
                            weights_[static_cast<size_t>(ImapOperation::select)];
    }
    // Whether it changes anything, and nothing else than that.
    bool only_writes() const {
        return total_ == weights_[static_cast<size_t>(ImapOperation::store)] +
                             weights_[static_cast<size_t>(ImapOperation::append)];
    }
    bool writes() const { return has(ImapOperation::store) || has(ImapOperation::append); }
    std::string text() const;

  private:
    std::array<uint32_t, kImapOperations> weights_{};
    uint32_t total_ = 0;
};

}  // namespace gatepost::tools
