// A server of one mailbox for tests, a thread for each connection. It does what it is told, and can
// be told to do less.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "storage/base/unique_fd.h"

namespace gatepost::tools {

class SmallImapServer {
  public:
    struct Faults {
        bool refuses_login = false;
        bool forgets_stores = false;   // says OK and changes nothing
        bool forgets_appends = false;  // the same
        uint32_t hangs_up_after = 0;   // commands of a connection behind LOGIN; 0: never
    };

    // Listens at a UNIX socket of that path.
    SmallImapServer(const std::string& path, size_t messages, const Faults& faults);
    ~SmallImapServer();
    SmallImapServer(const SmallImapServer&) = delete;
    SmallImapServer& operator=(const SmallImapServer&) = delete;

  private:
    void accept_all();
    void serve(int socket);
    std::string answer(const std::string& tag, const std::string& words);
    std::string store(const std::string& tag, std::string_view words);
    std::string append(const std::string& tag, std::string_view words);
    std::string list_flags();

    const Faults faults_;
    UniqueFd listener_;
    std::mutex mutex_;
    std::vector<bool> flagged_;  // of each message
    std::vector<bool> seen_;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace gatepost::tools
