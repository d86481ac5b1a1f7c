// A connection to the server: a socket that never blocks, with TLS on it if wanted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "storage/base/unique_fd.h"
#include "tools/load/mail/mail_target.h"
#include "tools/load/mail/smtp_dialogue.h"
#include "tools/load/mail/tls_client.h"

namespace gatepost::tools {

class MailConnection {
  public:
    // Octets read at a time, and of a TLS record that is written (RFC 8446 §5.1).
    static constexpr size_t kRoom = 16 * 1024;
    using Room = std::array<uint8_t, kRoom>;

    enum class Progress : uint8_t { done, waiting, failed };

    // False: failure() says why. It may still be on its way.
    bool open(const MailTarget& target);
    // Whether it has come about; the socket is writable or has failed when this is worth asking.
    Progress connected();
    void start_tls(const TlsClientContext& context) { tls_.emplace(context, socket_.get()); }
    Progress handshake();

    // Octets in `room`; 0: the peer has closed; TlsClient::kWaiting, kFailed.
    ptrdiff_t read(Room& room);
    // Sends what can be sent, and takes it out of `output`; `scratch` is overwritten.
    Progress write(SmtpOutput& output, Room& scratch);

    void close();
    int socket() const { return socket_.get(); }
    const std::string& failure() const { return failure_; }

  private:
    Progress fail(const char* doing, int error);
    ptrdiff_t write_plain(const SmtpOutput& output, size_t skip);
    ptrdiff_t write_tls(const SmtpOutput& output, size_t skip, Room& scratch);

    UniqueFd socket_;
    std::optional<TlsClient> tls_;
    size_t sent_ = 0;  // octets of the output
    std::string failure_;
};

}  // namespace gatepost::tools
