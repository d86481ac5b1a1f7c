#include "tests/unit/stream/server_support.h"

#include <sys/socket.h>

#include <algorithm>
#include <thread>

namespace gatepost::dataplane {

void wait_for(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
}

bool ask(Client& client, uint16_t id) {
    client.send_framed(make_query(id, "www"));
    return id_of(client.receive_framed()) == id;
}

Client client_from(const char* address, const ListenAddress& server) {
    return Client(SOCK_STREAM, server, address);
}

Message proxy_header(const Message& client, uint8_t command) {
    Message header = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49,
                      0x54, 0x0a, 0,    0x11, 0,    12,   0,    0,    0,    0,
                      127,  0,    0,    1,    0x30, 0x39, 0,    53};
    header[12] = command;
    std::copy(client.begin(), client.end(), header.begin() + 16);
    return header;
}

StreamListenerOptions behind_proxy(const char* prefix) {
    StreamListenerOptions options;
    options.proxies.push_back(*parse_prefix(prefix));
    return options;
}

Message last_octets(const Message& message, size_t count) {
    if (message.size() < count) return {};
    return Message(message.end() - static_cast<ptrdiff_t>(count), message.end());
}

}  // namespace gatepost::dataplane
