// All that one worker serves over streams: its connections, the TLS contexts of its listeners, and
// the protocols.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/dns_stream/dns_stream.h"
#include "dataplane/http/http_service.h"
#include "dataplane/mail_service/mail_service.h"
#include "dataplane/netio/listener_use.h"
#include "dataplane/stream/stream_server.h"
#include "dataplane/tls/identity_source.h"
#include "dataplane/tls/tls_context.h"
#include "dataplane/worker/http_surroundings.h"
#include "dataplane/worker/mail_options.h"
#include "dataplane/worker/served_image.h"
#include "dataplane/worker/tls_shared.h"

namespace gatepost::dataplane {

// Of /metrics, /healthz and the like, beside all others: a server that is full, or under attack,
// can be looked after.
inline constexpr uint32_t kAdminConnectionsMax = 32;

struct StreamServicesOptions {
    StreamServerOptions server;
    uint32_t dns_connections_max = 1024;  // over TCP, and as many over TLS
    uint32_t dns_idle_ms = 10'000;        // RFC 7766 §6.2.3: in the order of seconds
    uint32_t dns_frame_ms = 5'000;
    // Where connections begin with a PROXY header.
    std::vector<AddressPrefix> proxies;
    HttpOptions http;  // `site` is each listener's own
    MailOptions mail;
};

struct StreamSocket {
    ListenerUse use = ListenerUse::dns;
    UniqueFd fd;
};

// What a worker lends to its streams.
struct StreamSurroundings {
    Ring& ring;
    BurstAnswerer& answerer;
    storage::WorkerCounters& counters;
    storage::StreamCounters& streams;
    const storage::RuntimePage& page;
    const CurrentImage& image;
    const CurrentDirectory& directory;
    const CurrentMailboxes& mailboxes;
    TlsShared& tls;
    MailShared* mail = nullptr;  // null: mail is not served
    unsigned worker = 0;
};

class StreamServices {
  public:
    static Result<std::unique_ptr<StreamServices>> create(const StreamSurroundings& surroundings,
                                                          const StreamServicesOptions& options,
                                                          std::vector<StreamSocket> sockets);
    StreamServices(const StreamServices&) = delete;
    StreamServices& operator=(const StreamServices&) = delete;

    StreamServer& server() { return *server_; }
    MailService* mail() { return mail_.get(); }  // null: mail is not served
    uint64_t received() const;                   // queries since start

  private:
    StreamServices(const StreamSurroundings& surroundings, const StreamServicesOptions& options,
                   ReplyScratch scratch);
    Status make_contexts(TlsShared& tls);
    Status make_http(const StreamSurroundings& surroundings);
    Status make_mail(const StreamSurroundings& surroundings);
    StreamListenerOptions listener_options(ListenerUse use);

    StreamServicesOptions options_;
    ReplyScratch scratch_;
    std::unique_ptr<IdentitySource> identities_;
    DnsStream dns_tcp_;
    DnsStream dns_tls_;
    std::unique_ptr<TlsContext> dns_context_;
    std::unique_ptr<TlsContext> https_context_;
    std::unique_ptr<TlsContext> smtp_context_;
    std::unique_ptr<TlsContext> imap_context_;
    std::unique_ptr<TlsContext> pop3_context_;
    std::unique_ptr<HttpSurroundings> http_surroundings_;
    std::unique_ptr<HttpService> https_;
    std::unique_ptr<HttpService> http_;
    std::unique_ptr<HttpService> admin_;
    std::unique_ptr<MailService> mail_;
    std::unique_ptr<StreamServer> server_;  // gone first: its sessions refer to all of the above
};

}  // namespace gatepost::dataplane
