// A session with an IMAP server, as its client.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/imap_client/command_text.h"
#include "tools/gatepost/imap_client/remote_connection.h"
#include "tools/gatepost/imap_client/response_reader.h"
#include "tools/gatepost/imap_client/server_address.h"

namespace gatepost::tools {

class MailServer {
  public:
    using ForEach = std::function<void(const ServerResponse&)>;

    // Connected, under TLS where the address says so, greeted, and not logged in. `trust` and
    // `stop` outlive it.
    static Result<std::unique_ptr<MailServer>> connect(const ServerAddress& address,
                                                       const TlsTrust& trust, const Waits& waits,
                                                       const StopSignal& stop);

    // Of code permission where the server does not take the password.
    Status log_in(const std::string& user, const std::string& password);
    // "SPECIAL-USE", in capitals; of what the server said since the login.
    bool can(std::string_view capability) const;

    // Says a command and waits for its end. `each` sees what is not tagged. The tagged response,
    // whatever its status; an error: the session is over.
    Result<ServerResponse> say(const CommandText& command, const ForEach& each = {},
                               BodySink* sink = nullptr);
    // The same, where anything but OK is an error (refused, or permission).
    Status expect(const CommandText& command, const ForEach& each = {});

    // For commands that do not wait for one another. Gives the tag.
    Result<std::string> send(std::string_view command);
    // As they are: what belongs to a command that send() began.
    Status send_octets(std::string_view octets) { return connection_->write(octets); }
    Result<ServerResponse> next(BodySink* sink = nullptr) { return next_response(sink); }

    // RFC 9051 §6.1.3; what the server says then is of no interest.
    void log_out();

  private:
    MailServer(const ServerAddress& address, std::unique_ptr<RemoteConnection> connection);
    Status greet(const TlsTrust& trust);
    Status start_tls(const TlsTrust& trust);
    Status learn_capabilities();
    Status authenticate_plain(const std::string& user, const std::string& password);
    Status login_answer(const Result<ServerResponse>& answer) const;
    void take_capabilities(const ServerResponse& response);
    Result<ServerResponse> next_response(BodySink* sink);
    std::string new_tag();

    ServerAddress address_;
    std::unique_ptr<RemoteConnection> connection_;
    ResponseReader reader_;
    std::vector<std::string> capabilities_;
    bool logged_in_ = false;  // PREAUTH
    uint64_t tags_ = 0;
};

}  // namespace gatepost::tools
