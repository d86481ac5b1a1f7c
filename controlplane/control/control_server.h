// The control socket: one line of JSON from a client, one line back. Knows nothing of what the
// lines mean. A client's lines are answered in their order; the next one is looked at once the one
// before is answered.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane {

inline constexpr size_t kControlClientsMax = 64;
inline constexpr size_t kControlLineMax = 65536;                   // octets, without the line's end
inline constexpr auto kControlIdleMax = std::chrono::seconds(60);  // between two lines of a client

using ClientId = uint64_t;  // never given twice

class ControlServer {
  public:
    // Called with each line. It is answered by reply(), at once or later.
    using Handler = std::function<void(ClientId client, const std::string& line)>;

    // Binds the socket, mode 0660. Refused where another process answers on it.
    static Result<ControlServer> listen(const std::string& path);
    ControlServer(ControlServer&&) = default;
    ControlServer& operator=(ControlServer&&) = default;
    // Removes the socket.
    ~ControlServer();

    void set_handler(Handler handler) { handler_ = std::move(handler); }
    // Appends what is to be waited for.
    void add_polls(std::vector<pollfd>& polls) const;
    // Acts on what came of it, and closes clients that have been silent for too long.
    void handle(const std::vector<pollfd>& polls);
    // Whether a line waits that can be worked on without another event.
    bool has_work() const;
    // `line` without its end. Of a client that has gone meanwhile, nothing happens.
    void reply(ClientId client, const std::string& line);

    size_t client_count() const { return clients_.size(); }

  private:
    using Clock = std::chrono::steady_clock;
    struct Client {
        UniqueFd socket;
        std::string input;
        std::string output;
        Clock::time_point active_at;
        bool is_busy = false;    // a line is being worked on
        bool is_at_end = false;  // it will send no more, or must not
    };

    ControlServer(UniqueFd socket, std::string path);
    void accept_clients();
    // These give false where the client is to be closed.
    bool attend(ClientId id, Client& client, short events);
    bool read_from(Client& client);
    bool write_to(Client& client);
    // Hands over the complete lines that are there.
    void serve(ClientId id, Client& client);

    UniqueFd socket_;
    std::string path_;  // "": moved from
    Handler handler_;
    std::map<ClientId, Client> clients_;
    ClientId next_id_ = 1;
};

}  // namespace gatepost::controlplane
