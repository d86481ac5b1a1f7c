// One `[[nic]]`: the XDP program on its interface, kept for as long as the instance runs, and the
// process that answers in poll mode. While that process does not run, or the interface is not
// there, the kernel's sockets answer.
#pragma once

#include <optional>
#include <vector>

#include "dataplane/xdp/xdp_program.h"
#include "tools/gatepost/config/config.h"
#include "tools/gatepost/supervisor/children.h"
#include "tools/gatepost/supervisor/host_addresses.h"
#include "tools/gatepost/supervisor/supervised.h"

namespace gatepost::tools {

// The receive queues of an interface; 1 where that cannot be told.
unsigned interface_queues(const std::string& interface);

class NicService {
  public:
    // `slot`: its place in the runtime page; `first_worker`: of its queues' workers there.
    NicService(const NicConfig& nic, size_t slot, unsigned first_worker);

    // Attaches the XDP program where the driver wants one. Refused with what to do.
    Status prepare(const Config& config);
    // Interfaces or addresses of the host may have changed. The process is wanted, or not, as the
    // interface has come or gone.
    void refresh(const Config& config, TimePoint now);

    const NicConfig& nic() const { return nic_; }
    size_t slot() const { return slot_; }
    unsigned first_worker() const { return first_worker_; }
    unsigned queues() const { return queues_; }
    Supervised& process() { return process_; }
    const Supervised& process() const { return process_; }
    ProcessSpec spec(const ChildPrograms& programs, const Config& config, int channel,
                     int runtime) const;

  private:
    bool uses_xdp() const { return nic_.driver == NicDriver::af_xdp; }
    std::string devargs() const;

    NicConfig nic_;
    size_t slot_;
    unsigned first_worker_;
    unsigned queues_;
    std::optional<dataplane::XdpProgram> program_;
    std::vector<dataplane::ServedEndpoint> endpoints_;
    Supervised process_;
};

}  // namespace gatepost::tools
