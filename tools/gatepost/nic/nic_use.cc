#include "tools/gatepost/nic/nic_use.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatepost::tools {

namespace {

std::string poll_mode_text(const NicSituation& at) {
    switch (at.nic.driver) {
        case NicDriver::af_packet:
            return "af_packet";
        case NicDriver::bifurcated:
            return "bifurcated " + at.nic.device;
        case NicDriver::device:
            return "device " + at.nic.device;
        case NicDriver::af_xdp:
            break;
    }
    const InterfaceFacts& interface = at.interface;
    const bool attached = at.is_served() && interface.program_id != 0;
    const bool native =
        attached ? interface.program_native : interface.xdp.native && at.nic.xdp_mode != "generic";
    if (!native) return "af_xdp, generic";
    return interface.xdp.zero_copy ? "af_xdp, native, zero-copy" : "af_xdp, native, one copy";
}

bool sockets_have_it(const NicSituation& at) {
    return std::any_of(at.served.begin(), at.served.end(), [&](const std::string& address) {
        const auto& own = at.interface.addresses;
        return std::find(own.begin(), own.end(), address) != own.end();
    });
}

NicUse use_of_running(const NicSituation& at, bool configured,
                      const std::optional<ReportedNic>& reported) {
    NicUse use;
    if (reported && reported->ready) {
        use.answered_by = AnsweredBy::poll_mode;
        use.reason = fmt::format("process {}", reported->pid);
    } else if (configured && !reported) {
        use.answered_by = AnsweredBy::unknown;
        use.reason = at.is_served() ? "this instance has it; its control plane cannot be reached"
                                    : "this instance was started without it: restart";
        if (!at.is_served()) use.answered_by = AnsweredBy::kernel_sockets;
    } else if (reported) {
        use.answered_by = AnsweredBy::kernel_sockets;
        use.reason = reported->pid == 0 ? "its poll-mode process does not run"
                                        : "its poll-mode process is starting";
    } else if (sockets_have_it(at)) {
        use.answered_by = AnsweredBy::kernel_sockets;
        use.reason = "no [[nic]] for it";
    } else {
        use.reason = at.interface.addresses.empty() ? "it has no address"
                                                    : "dns.listen has none of its addresses";
    }
    return use;
}

}  // namespace

std::string_view answered_by_name(AnsweredBy by) {
    switch (by) {
        case AnsweredBy::poll_mode:
            return "poll_mode";
        case AnsweredBy::kernel_sockets:
            return "kernel_sockets";
        case AnsweredBy::other_gatepost:
            return "other_gatepost";
        case AnsweredBy::nobody:
            return "nobody";
        case AnsweredBy::unknown:
            return "unknown";
    }
    return "";
}

NicUse judge_use(const NicSituation& at, bool configured,
                 const std::optional<ReportedNic>& reported) {
    NicUse use;
    if (at.interface.holder && !at.is_served()) {
        use.answered_by = AnsweredBy::other_gatepost;
        use.reason = *at.interface.holder == 0
                         ? "another Gatepost has it"
                         : fmt::format("process {} has it", *at.interface.holder);
    } else if (at.own_supervisor) {
        use = use_of_running(at, configured, reported);
    } else {
        use.reason = "Gatepost does not run";
        if (configured) use.reason += "; it would be served in poll mode";
    }
    use.poll_mode = poll_mode_text(at);
    return use;
}

}  // namespace gatepost::tools
