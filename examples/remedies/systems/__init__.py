"""Every system by its name, one file each: the plain GANs, the remedies, the planted failures."""

from __future__ import annotations

from examples.remedies.system import System
from examples.remedies.systems.conditional import Conditional
from examples.remedies.systems.dcgan import Dcgan
from examples.remedies.systems.dragan import Dragan
from examples.remedies.systems.ebgan import Ebgan
from examples.remedies.systems.failures import Hopping, Imbalanced, StrongDiscriminator
from examples.remedies.systems.mad_gan import MadGan
from examples.remedies.systems.mgan import Mgan
from examples.remedies.systems.minibatch import Minibatch
from examples.remedies.systems.minimax import Minimax
from examples.remedies.systems.mrgan import Mrgan
from examples.remedies.systems.msgan import Msgan
from examples.remedies.systems.pacgan import Pacgan
from examples.remedies.systems.spectral import Spectral
from examples.remedies.systems.spiral_gan import SpiralBetter, SpiralCollapsed
from examples.remedies.systems.stacked_dcgan import StackedDcgan
from examples.remedies.systems.stacked_minibatch import StackedMinibatch
from examples.remedies.systems.stacked_pacgan import StackedPacgan
from examples.remedies.systems.stacked_wgan_gp import StackedWganGp
from examples.remedies.systems.ttur import Ttur
from examples.remedies.systems.unrolled import Unrolled
from examples.remedies.systems.vanilla import Vanilla
from examples.remedies.systems.wgan import Wgan
from examples.remedies.systems.wgan_gp import WganGp

SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System(),
        Vanilla(),
        Minimax(),
        SpiralBetter(),
        Wgan(),
        WganGp(),
        Spectral(),
        Minibatch(),
        Unrolled(),
        Dragan(),
        Ebgan(),
        MadGan(),
        Mgan(),
        Mrgan(),
        Conditional(),
        Pacgan(),
        Msgan(),
        Ttur(),
        Dcgan(),
        StackedDcgan(),
        StackedPacgan(),
        StackedMinibatch(),
        StackedWganGp(),
        SpiralCollapsed(),
        StrongDiscriminator(),
        Imbalanced(),
        Hopping(),
    )
}
