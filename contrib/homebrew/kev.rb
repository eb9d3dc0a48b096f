class Kev < Formula
  desc "Broker of the kernel's network events, and its tools"
  homepage "https://kev.example/"
  url "file://#{__dir__}/kev-0.1.0.tar.gz"
  license "BSD-2-Clause"

  depends_on "pkgconf" => :build
  depends_on "jansson"
  depends_on "libev"
  depends_on "ncurses"

  on_linux do
    depends_on "libbsd"
    depends_on "libmnl"
    depends_on "libseccomp"
  end

  def install
    system "./configure", "--with-mosquitto=no", "--with-ncurses=yes",
           "--with-sdbus=no", "--with-systemdsystemunitdir=no",
           *std_configure_args
    system "make", "install"
  end

  service do
    run [opt_sbin/"kevd"]
    keep_alive true
    require_root true
  end

  test do
    # A recording in place of a kernel, here of nothing; ready when it says so.
    touch testpath/"recording"
    ready, write = IO.pipe
    kevd = spawn sbin/"kevd", "-u", testpath/"s", "-n", write.fileno.to_s,
                 "--play", testpath/"recording", write => write
    write.close
    assert_equal "\n", ready.gets
    assert_match version.to_s, shell_output("#{bin}/kevctl -u s ping")
    system bin/"kevctl", "-u", "s", "inject", "interface/idle", "-i", "x0"
    assert_match "interface/idle", shell_output("#{bin}/kevsub -u s --since=1m -S")
  ensure
    Process.kill "TERM", kevd
    Process.wait kevd
  end
end
