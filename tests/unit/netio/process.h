// A gatepost-dataplane process under test, with what a supervisor gives it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/netio/listen_socket.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/fd_channel.h"

namespace gatepost::dataplane {

struct Ended {
    int exit_code = -1;  // -1: ended by a signal
    int signal = 0;
};

// Runs the program with these arguments and waits for its end; its standard error goes to `output`.
Ended run_dataplane(const std::vector<std::string>& arguments, std::string& output);

class DataplaneProcess {
  public:
    // One worker on 127.0.0.1, with sockets, channel and runtime page handed over; returns when it
    // is ready.
    explicit DataplaneProcess(const std::vector<std::string>& arguments = {});
    ~DataplaneProcess();

    const ListenAddress& address() const { return listener_.address; }
    storage::RuntimeMapping& page() { return page_; }
    pid_t pid() const { return pid_; }
    void send(ChannelVerb verb, uint64_t number = 0, int fd = -1);
    void close_channel() { channel_.reset(); }
    // Until the worker answers from that arena.
    void wait_for_generation(uint64_t generation);
    Ended wait();

  private:
    storage::RuntimeMapping page_;
    Listener listener_;
    UniqueFd channel_;
    pid_t pid_ = -1;
};

}  // namespace gatepost::dataplane
