#include "dataplane/xdp/attached_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <algorithm>

#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

AttachedProgram attached_program(unsigned interface_index) {
    AttachedProgram out;
    bpf_xdp_query_opts about{};
    about.sz = sizeof about;
    if (::bpf_xdp_query(static_cast<int>(interface_index), 0, &about) != 0) return out;
    out.id = about.prog_id != 0 ? about.prog_id : std::max(about.drv_prog_id, about.skb_prog_id);
    out.native = out.id != 0 && about.attach_mode != XDP_ATTACHED_SKB;
    out.flags = about.attach_mode == XDP_ATTACHED_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
    UniqueFd program(out.id == 0 ? -1 : ::bpf_prog_get_fd_by_id(out.id));
    bpf_prog_info info{};
    uint32_t length = sizeof info;
    if (program && ::bpf_obj_get_info_by_fd(program.get(), &info, &length) == 0)
        out.name = info.name;
    return out;
}

}  // namespace gatepost::dataplane
