"""Two hosts on one machine: network namespaces with a veth pair between them, gone with the bench."""

import subprocess

from process import BenchError, run

SERVER_IP, CLIENT_IP = "10.99.0.1", "10.99.0.2"


class TwoHosts:
    """The server's interface is `gpb0`, the client's `gpb1`."""

    server_namespace, client_namespace = "gatepost-bench-server", "gatepost-bench-client"
    server_interface, client_interface = "gpb0", "gpb1"

    def on_server(self, *words):
        return ["ip", "netns", "exec", self.server_namespace, *words]

    def on_client(self, *words):
        return ["ip", "netns", "exec", self.client_namespace, *words]

    def __enter__(self):
        self.remove()
        try:
            for namespace in (self.server_namespace, self.client_namespace):
                run(["ip", "netns", "add", namespace])
            run(["ip", "link", "add", self.server_interface, "netns", self.server_namespace, "type", "veth",
                 "peer", "name", self.client_interface, "netns", self.client_namespace])
            self.set_up(self.server_namespace, self.server_interface, SERVER_IP)
            self.set_up(self.client_namespace, self.client_interface, CLIENT_IP)
        except BenchError as error:
            self.remove()
            raise BenchError(f"network namespaces and veth, which this bench needs root for: {error}") from error
        return self

    @staticmethod
    def set_up(namespace, interface, address):
        run(["ip", "-n", namespace, "address", "add", f"{address}/24", "dev", interface])
        for link in ("lo", interface):
            run(["ip", "-n", namespace, "link", "set", link, "up"])

    def clear_xdp(self):
        """Knot leaves its program on the interface."""
        run(["ip", "-n", self.server_namespace, "link", "set", "dev", self.server_interface, "xdp", "off"])

    def remove(self):
        for namespace in (self.server_namespace, self.client_namespace):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)

    def __exit__(self, *_):
        self.remove()
