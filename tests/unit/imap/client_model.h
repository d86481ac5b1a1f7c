// What a client knows of the mailbox that it has selected, from nothing but what the server says:
// and the rules that the server has to keep while it says it (RFC 9051 §7.4, §7.5).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tests {

struct KnownMessage {
    uint32_t uid = 0;                            // 0: not known yet
    std::optional<std::set<std::string>> flags;  // nullopt: not known yet
};

class ClientModel {
  public:
    // Everything that came back for a command. `keeps_numbers`: nothing may be expunged meanwhile.
    // "": it was sound, else what was not.
    std::string take(std::string_view said, bool keeps_numbers);
    // The client's part of STORE .SILENT: what it thinks comes of it.
    void store_silently(size_t number, char action, const std::string& flag);
    void clear() { messages.clear(); }

    std::vector<KnownMessage> messages;
    std::vector<uint32_t> found;  // of the last SEARCH

  private:
    std::string take_line(std::string_view line, bool keeps_numbers);
    std::string take_fetch(size_t number, std::string_view items);
    std::string take_vanished(std::string_view uids);
};

}  // namespace gatepost::tests
